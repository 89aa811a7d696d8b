package cloudservice

import "context"

// RunDue walks all that is due to its end, or to that of ctx.
func (y *Syncer) RunDue(ctx context.Context) error {
	err := y.round(ctx)
	y.work.Wait()
	return err
}
