"""Plan a job: the settings that suit its dataset, what it will write, and what that costs."""
