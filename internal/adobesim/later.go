package adobesim

type queued struct{}

func (s *Sim) classic(*call) answer      { return lost() }
func (s *Sim) classicAdmin(*call) answer { return lost() }
func (s *Sim) legacy(*call) answer       { return lost() }
