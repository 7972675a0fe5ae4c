"""Huying 呼应: a city's follow-through system."""
