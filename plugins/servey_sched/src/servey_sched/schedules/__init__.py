"""When schedules fire: mathematics alone, without a clock or a broker."""
