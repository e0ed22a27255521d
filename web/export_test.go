package web

import "actnow"

// RouteInfo is what the walk over all routes needs to know of one.
type RouteInfo struct {
	Method, Path string
	Right        actnow.Right
	Open         bool
}

// Routes lists the routes of the private listener.
func (s *Server) Routes() []RouteInfo {
	var all []RouteInfo
	for _, r := range s.routes {
		all = append(all, RouteInfo{r.method, r.path, r.right, r.open})
	}
	return all
}

// Stretch makes every sentence 40 % longer.
func (s *Server) Stretch() {
	for _, t := range s.texts {
		t.stretch = true
	}
}

// Assets lists the names of the files that pages link, with the path of each.
func (s *Server) Assets() map[string]string {
	paths := map[string]string{}
	for name := range s.assets.files {
		paths[name] = "/static/" + s.assets.hash + "/" + name
	}
	return paths
}

// CheapPasswords makes hashing quick: the real cost is tested by itself.
func (s *Server) CheapPasswords() { s.signin.hasher = newHasher(64) }

// ReadCaught returns what is shown of a caught mail.
func ReadCaught(raw []byte) string {
	m := readCaught(raw)
	return m.html + m.text
}
