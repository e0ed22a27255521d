package web

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
	"gopkg.in/yaml.v3"
)

// apiDocsPage is openapi.yaml for reading: every operation with what it takes
// and answers. The description itself is in English, like the names in it.
type apiDocsPage struct {
	Head       Head
	About      string
	Operations []apiOperation
}

type apiOperation struct {
	ID, Method, Path, Summary, About string
	Open                             bool // no token needed
	Parameters                       []apiParameter
	Responses                        []apiResponse
}

type apiParameter struct {
	Name, In, Type, About string
	Required              bool
}

type apiResponse struct {
	Status, About, Schema string
}

// openAPIDoc is the part of the description that the page shows.
type openAPIDoc struct {
	Info       struct{ Description string }
	Components struct{ Parameters map[string]openAPIParameter }
	Paths      map[string]map[string]struct {
		OperationID string `yaml:"operationId"`
		Summary     string
		Description string
		Security    *[]any
		Parameters  []openAPIParameter
		RequestBody *struct {
			Description string
			Content     map[string]openAPIContent
		} `yaml:"requestBody"`
		Responses map[string]struct {
			Ref         string `yaml:"$ref"`
			Description string
			Content     map[string]openAPIContent
		}
	}
}

type openAPIParameter struct {
	Ref                   string `yaml:"$ref"`
	Name, In, Description string
	Required              bool
	Schema                struct{ Type, Format string }
}

type openAPIContent struct {
	Schema struct {
		Ref  string `yaml:"$ref"`
		Type string
	}
}

// readAPIDocs turns the description into what the page shows, by path.
func readAPIDocs() (apiDocsPage, error) {
	var doc openAPIDoc
	if err := yaml.NewDecoder(bytes.NewReader(openAPI)).Decode(&doc); err != nil {
		return apiDocsPage{}, fmt.Errorf("openapi.yaml: %w", err)
	}
	p := apiDocsPage{About: doc.Info.Description}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			o := apiOperation{ID: op.OperationID, Method: strings.ToUpper(method), Path: path, Summary: op.Summary, About: op.Description,
				Open: op.Security != nil && len(*op.Security) == 0}
			for _, x := range op.Parameters {
				if x.Ref != "" {
					x = doc.Components.Parameters[lastPart(x.Ref)]
				}
				kind := x.Schema.Type
				if x.Schema.Format != "" {
					kind = x.Schema.Format
				}
				o.Parameters = append(o.Parameters, apiParameter{Name: x.Name, In: x.In, Type: kind, About: x.Description, Required: x.Required})
			}
			if op.RequestBody != nil {
				for media, content := range op.RequestBody.Content {
					o.Parameters = append(o.Parameters, apiParameter{Name: schemaName(content), In: "body", Type: media, About: op.RequestBody.Description, Required: true})
				}
			}
			for status, r := range op.Responses {
				out := apiResponse{Status: status, About: r.Description}
				if r.Ref != "" {
					out.Schema = lastPart(r.Ref)
				}
				for _, content := range r.Content {
					out.Schema = schemaName(content)
				}
				o.Responses = append(o.Responses, out)
			}
			slices.SortFunc(o.Responses, func(a, b apiResponse) int { return strings.Compare(a.Status, b.Status) })
			p.Operations = append(p.Operations, o)
		}
	}
	slices.SortFunc(p.Operations, func(a, b apiOperation) int {
		if c := strings.Compare(a.Path, b.Path); c != 0 {
			return c
		}
		return strings.Compare(a.Method, b.Method)
	})
	return p, nil
}

func schemaName(c openAPIContent) string {
	if c.Schema.Ref != "" {
		return lastPart(c.Schema.Ref)
	}
	return c.Schema.Type
}

func lastPart(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

func (s *Server) showAPIDocs(c echo.Context) error {
	text := s.text(c)
	p := s.apiDocs
	p.Head = Head{Title: text.T("api.title"), Text: text.T("api.text"),
		Actions: []Action{{Text: "openapi.yaml", Href: "/api/openapi.yaml", Icon: "download"}}}
	return s.renderStatus(c, http.StatusOK, "api_docs", p)
}
