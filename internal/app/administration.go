package app

import (
	"fmt"

	"latchkey/internal/mail"
	"latchkey/internal/web"
)

// administration is what the Admin Console and the settings work with.
func (h *house) administration() web.Administration {
	checks := []web.Check{
		{Name: "Database", About: "It answers, and takes what is written.", Ready: h.store.Ping},
		{Name: "Root key", About: "This server has the key that secrets are sealed under.", Ready: h.store.Keyring().Ready},
	}
	if h.config.eventLog() == logCluster {
		checks = append(checks, web.Check{Name: "Event log", About: "NATS answers. While it does not, the pipeline is not available, and everything else works.", Ready: h.eventLog.Ready})
	}
	return web.Administration{
		Tenants: h.directory, Agreements: h.authority.Consents(), SigningKeys: h.authority.SigningKeys(), Mail: h.mailing(), Simulator: h.provider, Stage: h.products,
		Backups: h.backups(), Settings: h.config.shown(), Checks: checks,
	}
}

// mailing is how people are told by mail; nil where no server is configured.
func (h *house) mailing() *web.Mailing {
	if h.post == nil {
		return nil
	}
	m := h.config.Mail
	digest := "every day at " + m.DigestAt + " UTC"
	if m.DigestAt == never {
		digest = never
	}
	server := fmt.Sprintf("%s, %s", m.Host, m.TLS)
	if mail.Security(m.TLS) == mail.Plain {
		server = m.Host + ", without TLS"
	}
	return &web.Mailing{Post: h.post, Server: server, From: m.From, To: m.To, Digest: digest, Interval: m.Interval}
}

// shown gives every setting as `latchkey config show --effective` does: secrets are named, and not shown.
func (c *Config) shown() []web.Setting {
	var rows []web.Setting
	for _, s := range settings() {
		from := c.sources[s.name]
		rows = append(rows, web.Setting{Name: s.name, Value: s.show(c), From: string(from), About: s.doc, Set: from != sourceDefault})
	}
	return rows
}
