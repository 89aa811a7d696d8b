package adobesim

import (
	"context"

	"latchkey/internal/devca"
)

// StartTLS serves the hosts on a loopback port with certificates of ca, until ctx ends or closing is called.
func (s *Sim) StartTLS(ctx context.Context, ca *devca.Authority) (addr string, closing func(), err error) {
	return ca.Serve(ctx, "stand-ins", s.Handler(), s.log)
}
