package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/matcher"
)

func (s *Server) calibrationAPIRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/api/v1/matches/calibration", right: actnow.RightReview, handle: s.apiCalibration},
		{method: http.MethodPost, path: "/api/v1/matches/calibration", right: actnow.RightReview, handle: s.apiStartRefit},
		{method: http.MethodDelete, path: "/api/v1/matches/calibration", right: actnow.RightReview, handle: s.apiShippedCalibration},
		{method: http.MethodGet, path: "/api/v1/matches/calibration/:job", right: actnow.RightReview, handle: s.apiRefit},
		{method: http.MethodPost, path: "/api/v1/matches/calibration/:job/accept", right: actnow.RightReview, handle: s.apiAcceptRefit},
	}
}

// apiCalibration answers how matching is calibrated and whether a refit can be
// tried.
func (s *Server) apiCalibration(c echo.Context) error {
	if !s.mayCalibrate(c) {
		return actnow.ErrForbidden
	}
	now, err := s.store.Calibration(ctx(c))
	if err != nil {
		return err
	}
	answers, err := s.store.AnswerCount(ctx(c))
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusOK, struct {
		Shipped     bool                    `json:"shipped"`
		Calibration actnow.MatchCalibration `json:"calibration"`
		Answers     int                     `json:"answers"`
		Needed      int                     `json:"needed"`
	}{now.Shipped(), now, answers, matcher.RefitFrom})
}

func (s *Server) apiStartRefit(c echo.Context) error {
	if !s.mayCalibrate(c) {
		return actnow.ErrForbidden
	}
	job, err := s.actions.StartRefit(ctx(c), s.actor(c))
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusAccepted, apiJobID{job})
}

func (s *Server) apiRefit(c echo.Context) error {
	r, err := s.refit(c)
	if err != nil {
		return err
	}
	if r.Moves == nil {
		r.Moves = []matcher.Move{}
	}
	return s.answer(c, http.StatusOK, r)
}

// apiAcceptRefit puts in force exactly what the job found.
func (s *Server) apiAcceptRefit(c echo.Context) error {
	r, err := s.refit(c)
	if err != nil {
		return err
	}
	return s.apiCalibrate(c, calibrationOf(r))
}

func (s *Server) apiShippedCalibration(c echo.Context) error {
	return s.apiCalibrate(c, actnow.MatchCalibration{})
}

func (s *Server) apiCalibrate(c echo.Context, to actnow.MatchCalibration) error {
	if !s.mayCalibrate(c) {
		return actnow.ErrForbidden
	}
	job, err := s.actions.Calibrate(ctx(c), s.actor(c), to)
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusAccepted, apiJobID{job})
}
