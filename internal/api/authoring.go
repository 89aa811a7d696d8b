package api

import "net/http"

const authoringPrefix = "/data/core/activation/authoring"

func (s *server) mountAuthoring() {}

func serviceError(w http.ResponseWriter, p *Problem) {}
