package simulator

import (
	"context"

	"latchkey/internal/devca"
)

// StartTLS serves the simulated hosts on a loopback port with certificates of ca, until ctx ends or closing is
// called; closing returns when nothing of it runs any more. HTTP/1.1 lets the faults drop and drop_before close a
// connection and not one stream of it.
func (s *Simulator) StartTLS(ctx context.Context, ca *devca.Authority) (addr string, closing func(), err error) {
	return ca.Serve(ctx, "simulator", s.Handler(), s.log)
}
