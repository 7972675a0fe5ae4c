"""Pages for residents: report, receipt, follow; and what anybody may know: list, case, what the city handles."""
