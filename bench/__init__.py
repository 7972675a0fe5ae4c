"""What the system costs against the least that it could cost: ratios of one run, never times of one machine.

`python -m bench.ratios` prints the table and fails where a goal is missed; `python -m bench.soak` is the long run.
"""
