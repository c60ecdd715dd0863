"""Planning: how long a study would take, and the smallest difference that it could detect."""
