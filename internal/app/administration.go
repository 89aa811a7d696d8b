package app

import "latchkey/internal/web"

// administration is what the Admin Console and the settings work with.
func (h *house) administration() web.Administration {
	return web.Administration{Tenants: h.directory, Agreements: h.authority.Consents()}
}
