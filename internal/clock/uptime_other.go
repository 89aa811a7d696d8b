//go:build !linux

package clock

func uptime() Uptime { return Uptime{} }
