package campaigns

import (
	"encoding/base64"
	"html"
	"net/url"
	"path"
	"strings"
)

// Pictures says how the HTML of a mail names the pictures of its pack.
type Pictures uint8

// The ways.
const (
	// PicturesAttached names them by "cid:"; they travel inside the mail. They
	// show at once and tell nobody that the mail was opened.
	PicturesAttached Pictures = iota
	// PicturesLinked names them by the host of ViewURL and ImagePath, without
	// ViewURL by ImagePath alone.
	PicturesLinked
	// PicturesInline writes them into the HTML as data: addresses, for a page
	// that may load nothing.
	PicturesInline
)

// picture is an image of the pack in a compiled mail.
type picture struct {
	path      string // of ImagePath
	mediaType string
	content   []byte
	inline    string // the data: address
}

func (p *picture) id() string { return path.Base(p.path) }

// address returns how the picture is named, escaped for an attribute.
func (p *picture) address(as Pictures, f Fields) string {
	switch as {
	case PicturesLinked:
		return html.EscapeString(origin(f["ViewURL"]) + p.path)
	case PicturesInline:
		return p.inline
	}
	return "cid:" + html.EscapeString(p.id())
}

// origin returns the scheme and host of an address, "" if it has none.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// picture returns the image of the pack that the HTML names.
func (c *compiler) picture(h *htmlCompiler, name string) (*picture, error) {
	clean := strings.TrimPrefix(name, "./")
	if content, mediaType, ok := c.pack.Image(clean); ok {
		return &picture{
			path:      ImagePath(clean, content),
			mediaType: mediaType,
			content:   content,
			inline:    "data:" + mediaType + ";base64," + base64.StdEncoding.EncodeToString(content),
		}, nil
	}
	h.raw = name // what the offset is looked for by
	if like := nearestFile(clean, c.pack.Images()); like != "" {
		return nil, h.fail("html.image_like", name, like)
	}
	return nil, h.fail("html.image", name)
}
