package app

import "time"

func sessionSettings() []setting {
	return []setting{
		duration("sessions.life", "12h", "How long a person stays signed in at a browser at most.", func(c *Config) *time.Duration { return &c.SessionLife }),
		duration("sessions.idle", "2h", "How long a person stays signed in at a browser without a request.", func(c *Config) *time.Duration { return &c.SessionIdle }),
	}
}
