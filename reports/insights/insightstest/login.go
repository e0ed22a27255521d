package insightstest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// loginErrors are the codes of RFC 6749 that go with those of Entra.
var loginErrors = map[string]string{
	"AADSTS50076": "interaction_required", "AADSTS50079": "interaction_required", "AADSTS53003": "access_denied",
	"AADSTS90002": "invalid_request", "AADSTS700016": "unauthorized_client",
	"AADSTS7000215": "invalid_client", "AADSTS7000218": "invalid_client", "AADSTS7000222": "invalid_client",
	"AADSTS65001": "invalid_grant", "AADSTS700082": "invalid_grant", "AADSTS50173": "invalid_grant", "AADSTS500011": "invalid_resource",
}

// refuseLogin answers as Entra does: the code stands in the description.
func refuseLogin(w http.ResponseWriter, aadsts string) {
	code := loginErrors[aadsts]
	if code == "" {
		code = "invalid_grant"
	}
	loginJSON(w, http.StatusBadRequest, map[string]any{"error": code, "error_description": aadsts + ": the imitation was told to refuse.\r\nTrace ID: 0",
		"error_codes": []string{strings.TrimPrefix(aadsts, "AADSTS")}, "correlation_id": "0"})
}

func loginJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that left needs no answer
}

// authorize is the page at which the person signs in: the imitation's agrees at
// once, or declines.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	if r.PathValue("tenant") != Tenant || q.Get("client_id") != ClientID || q.Get("response_type") != "code" || err != nil || back.Host == "" ||
		!slices.Contains(strings.Fields(q.Get("scope")), "offline_access") || q.Get("code_challenge_method") != "S256" {
		http.Error(w, "AADSTS50011: no such app, address, scope or challenge", http.StatusBadRequest)
		return
	}
	answer := url.Values{"state": {q.Get("state")}}
	if s.f.Decline {
		answer.Set("error", "access_denied")
		answer.Set("error_description", "AADSTS65004: User declined to consent to access the app.")
	} else {
		code := s.id("code")
		s.codes[code] = grant{challenge: q.Get("code_challenge"), redirect: q.Get("redirect_uri")}
		answer.Set("code", code)
	}
	back.RawQuery = answer.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

func (s *Server) deviceCode(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.f.Refuse != "":
		refuseLogin(w, s.f.Refuse)
		return
	case r.PathValue("tenant") != Tenant:
		refuseLogin(w, "AADSTS90002")
		return
	case r.FormValue("client_id") != ClientID:
		refuseLogin(w, "AADSTS700016")
		return
	}
	code := s.id("device")
	s.devices[code] = 0
	loginJSON(w, http.StatusOK, map[string]any{"device_code": code, "user_code": "ABCD" + fmt.Sprintf("%04d", s.serial),
		"verification_uri": "https://microsoft.example/devicelogin", "expires_in": 900, "interval": 1, "message": "Enter the code."})
}

// token is where tokens are given: for a code, a device code, a refresh token,
// or, as the documentation has it, a password.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.f.Down > 0:
		s.f.Down--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case r.PathValue("tenant") != Tenant:
		refuseLogin(w, "AADSTS90002")
		return
	case r.FormValue("client_id") != ClientID:
		refuseLogin(w, "AADSTS700016")
		return
	case s.f.Secret != "" && r.FormValue("client_secret") == "":
		refuseLogin(w, "AADSTS7000218")
		return
	case s.f.Secret != r.FormValue("client_secret"):
		refuseLogin(w, "AADSTS7000215")
		return
	}
	if why := s.grant(r); why != "" {
		switch {
		case strings.HasPrefix(why, "AADSTS"):
			refuseLogin(w, why)
		default:
			loginJSON(w, http.StatusBadRequest, map[string]any{"error": why, "error_description": "AADSTS70016: " + why})
		}
		return
	}
	life := s.f.Life
	if life == 0 {
		life = 3599
	}
	token := s.id("access")
	s.access[token] = s.now().Unix() + int64(life)
	answer := map[string]any{"token_type": "Bearer", "expires_in": fmt.Sprint(life), "ext_expires_in": fmt.Sprint(life), "access_token": token}
	if !s.f.NoRefresh {
		answer["refresh_token"] = s.newRefresh()
	}
	loginJSON(w, http.StatusOK, answer)
}

// grant says why a grant is refused, or "".
func (s *Server) grant(r *http.Request) string {
	switch r.FormValue("grant_type") {
	case "authorization_code":
		g, ok := s.codes[r.FormValue("code")]
		delete(s.codes, r.FormValue("code"))
		sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		if !ok || g.redirect != r.FormValue("redirect_uri") || g.challenge != base64.RawURLEncoding.EncodeToString(sum[:]) {
			return "AADSTS501481"
		}
	case "urn:ietf:params:oauth:grant-type:device_code":
		looks, ok := s.devices[r.FormValue("device_code")]
		switch {
		case !ok:
			return "expired_token"
		case s.f.Decline:
			return "authorization_declined"
		case looks < s.f.DevicePolls:
			s.devices[r.FormValue("device_code")]++
			return "authorization_pending"
		}
		delete(s.devices, r.FormValue("device_code"))
	case "refresh_token":
		if s.f.Refuse == "" && !s.refresh[r.FormValue("refresh_token")] {
			return "AADSTS70000" // unknown or used
		}
		delete(s.refresh, r.FormValue("refresh_token"))
	case "password":
		if s.f.Refuse == "" {
			return "AADSTS50076" // MFA is on, as it must be for partners
		}
	default:
		return "AADSTS70003"
	}
	return s.f.Refuse
}

// newRefresh makes a refresh token; the caller holds the lock.
func (s *Server) newRefresh() string {
	token := s.id("refresh")
	s.refresh[token] = true
	return token
}
