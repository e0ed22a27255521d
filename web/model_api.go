package web

import (
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/scoring"
)

func (s *Server) modelAPIRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/api/v1/models", handle: s.apiModels},
		{method: http.MethodPost, path: "/api/v1/models/train", right: actnow.RightAdmin, maxBody: 4 << 10, handle: s.apiTrainModels},
		{method: http.MethodPost, path: "/api/v1/models/rollback", right: actnow.RightAdmin, maxBody: 4 << 10, handle: s.apiRollbackModel},
		{method: http.MethodGet, path: "/api/v1/models/checks", handle: s.apiModelChecks},
		{method: http.MethodGet, path: "/api/v1/models/:id", handle: s.apiModel},
		{method: http.MethodPost, path: "/api/v1/models/:id/promote", right: actnow.RightAdmin, maxBody: 4 << 10, handle: s.apiPromoteModel},
	}
}

// apiModels answers how the scores of the areas stand, of one if it is named.
func (s *Server) apiModels(c echo.Context) error {
	area, err := queryArea(c, "")
	if err != nil {
		return err
	}
	all, err := s.modelStatuses(c, area)
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusOK, struct {
		Models []scoring.Status `json:"models"`
	}{all})
}

// apiModelChecks answers how well what scores the areas holds, of one if it is named.
func (s *Server) apiModelChecks(c echo.Context) error {
	area, err := queryArea(c, "")
	if err != nil {
		return err
	}
	all, err := s.modelStatuses(c, area)
	if err != nil {
		return err
	}
	checks, err := scoring.Checks(ctx(c), s.store, all)
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusOK, struct {
		Checks []scoring.Check `json:"checks"`
	}{checks})
}

// apiModel answers the canonical JSON of a version.
func (s *Server) apiModel(c echo.Context) error {
	if err := s.seesModels(c); err != nil {
		return err
	}
	m, err := s.store.Model(ctx(c), c.Param("id"))
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusOK, json.RawMessage(m.JSON()))
}

func (s *Server) apiTrainModels(c echo.Context) error {
	if err := s.seesModels(c); err != nil {
		return err
	}
	var in struct {
		Area actnow.Area `json:"area"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	var areas []actnow.Area
	switch {
	case in.Area.Valid():
		areas = []actnow.Area{in.Area}
	case in.Area != "":
		return actnow.Invalid("error.area", "area", "%q is no solution area", string(in.Area))
	}
	job, err := s.actions.StartTrain(ctx(c), s.actor(c), areas)
	return s.answerJob(c, job, err)
}

func (s *Server) apiRollbackModel(c echo.Context) error {
	if err := s.seesModels(c); err != nil {
		return err
	}
	var in struct {
		Area  actnow.Area `json:"area"`
		Score string      `json:"score"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	if !in.Area.Valid() {
		return actnow.Invalid("error.area", "area", "%q is no solution area", string(in.Area))
	}
	target, err := parseTarget(in.Score)
	if err != nil {
		return err
	}
	job, err := s.actions.RollbackModel(ctx(c), s.actor(c), in.Area, target)
	return s.answerJob(c, job, err)
}

// answerJob answers with a job that was started.
func (s *Server) answerJob(c echo.Context, job actnow.JobID, err error) error {
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusAccepted, apiJobID{job})
}
