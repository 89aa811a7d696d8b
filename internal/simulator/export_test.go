package simulator

// BreakState makes the next line fail that is written to the state file.
func (s *Simulator) BreakState() error { return s.state.file.Close() }
