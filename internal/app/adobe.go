package app

import (
	"context"
	"fmt"
	"net/http"

	"latchkey/internal/adobesim"
	"latchkey/internal/egress"
)

// startAdobe starts the stand-ins for the vendor's products. Whose token one is they learn once there is an authority.
func (d *dev) startAdobe(ctx context.Context) (err error) {
	d.adobe = adobesim.New(adobesim.Config{
		Customers: []adobesim.Customer{adobesim.SampleCustomer(sampleOrganizationID)}, Now: d.clock.Now, Log: d.log,
	})
	d.adobeAddr, d.closeAdobe, err = d.adobe.StartTLS(context.WithoutCancel(ctx), d.authority)
	if err != nil {
		return fmt.Errorf("starting the stand-ins: %w", err)
	}
	return nil
}

// adobeOverrides lead the server's own calls of the vendor's products to the stand-ins.
func (d *dev) adobeOverrides() []egress.Override {
	var overrides []egress.Override
	for _, host := range adobesim.Hosts() {
		overrides = append(overrides, egress.Override{Suffix: host, Address: d.adobeAddr, Roots: d.authority.CertPool()})
	}
	return overrides
}

// mountAdobe puts the stand-ins under /sim/HOST/, beside the provider simulator's hosts.
func (d *dev) mountAdobe(mux *http.ServeMux) {
	browser := d.adobe.Browser(simulatorPath)
	for _, mount := range adobesim.Mounts() {
		mux.Handle(simulatorPath+"/"+mount+"/", browser)
	}
}

// withProducts answers with the stand-ins for the hosts of the vendor's products, and with handler for every other.
func (d *dev) withProducts(handler http.Handler) http.Handler {
	products := d.adobe.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if adobesim.Serves(r.Host) && r.URL.Path != "/healthz" {
			products.ServeHTTP(w, r)
			return
		}
		handler.ServeHTTP(w, r)
	})
}

// holder tells the stand-ins whose access token of our authority one is.
func (h *house) holder(ctx context.Context, token string) (adobesim.Account, error) {
	client, user, err := h.authority.Holder(ctx, token)
	if err != nil {
		return adobesim.Account{}, err
	}
	return adobesim.AccountOf(client, user), nil
}
