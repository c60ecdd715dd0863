"""Where the time of one expansion goes, stage by stage."""
