package campaigns

// The layout of mails written in Markdown or plain text: one column of tables
// with inline styles, as the oldest readers want it, and a style block for those
// that know a dark mode. Outlook on Windows gets a table of fixed width.
const layoutHTML = `<!doctype html>
<html lang="%LANG%">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>%TITLE%</title>
<style>
:root { color-scheme: light dark; supported-color-schemes: light dark; }
body { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
@media (max-width: 480px) {
  .in { padding-left: 20px !important; padding-right: 20px !important; }
  h1 { font-size: 23px !important; }
}
@media (prefers-color-scheme: dark) {
  .bg { background-color: #121315 !important; }
  .card { background-color: #1b1d21 !important; }
  .ink, .ink p, .ink li { color: #f0efec !important; }
  .rule { border-color: #33363c !important; }
  .soft, .soft p { color: #b9bbc0 !important; }
  .soft a { color: #b9bbc0 !important; }
  .go { background-color: #f0efec !important; }
  .go a { color: #1a1b1e !important; }
  .link { color: #9cb8f7 !important; }
}
[data-ogsc] .ink, [data-ogsc] .ink p { color: #f0efec !important; }
[data-ogsc] .soft, [data-ogsc] .soft a { color: #b9bbc0 !important; }
[data-ogsb] .bg { background-color: #121315 !important; }
[data-ogsb] .card { background-color: #1b1d21 !important; }
</style>
</head>
<body class="bg" style="margin:0;padding:0;background-color:#eeeeea">
%PREHEADER%<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" class="bg" style="background-color:#eeeeea">
<tr><td align="center" style="padding:24px 12px 32px">
<!--[if mso]><table role="presentation" width="560" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" class="card" style="max-width:560px;background-color:#ffffff;border-radius:10px;text-align:left">
<tr><td class="in ink rule" style="padding:20px 32px;border-bottom:1px solid #e3e3de;` + layoutFont + `font-size:16px;line-height:24px;font-weight:600;color:#1f2126">%COMPANY%</td></tr>
%HERO%<tr><td class="in ink" style="padding:32px 32px 16px;` + layoutFont + `font-size:16px;line-height:26px;color:#1f2126">
%BODY%</td></tr>
<tr><td class="in soft rule" style="padding:20px 32px 24px;border-top:1px solid #e3e3de;` + layoutFont + `font-size:13px;line-height:20px;color:#555962">
%FOOTER%</td></tr>
</table>
<!--[if mso]></td></tr></table><![endif]-->
</td></tr>
</table>
</body>
</html>
`

const layoutFont = `font-family:'Segoe UI',Roboto,'Noto Sans',Helvetica,Arial,sans-serif;`

const heroHTML = `<tr><td style="padding:0;font-size:0;line-height:0"><img src="%SRC%" alt="%ALT%" width="560" style="display:block;width:100%;max-width:560px;height:auto;border:0"></td></tr>
`

// The spaces behind the text keep a list of mails from showing the body too.
const preheaderHTML = `<div style="display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;mso-hide:all;font-size:1px;line-height:1px;color:#eeeeea">%TEXT%` +
	`&#847;&zwnj;&nbsp;&#847;&zwnj;&nbsp;&#847;&zwnj;&nbsp;&#847;&zwnj;&nbsp;&#847;&zwnj;&nbsp;&#847;&zwnj;&nbsp;&#847;&zwnj;&nbsp;&#847;&zwnj;&nbsp;</div>
`

// plainFooterHTML carries the footer of a mail that brings its own layout.
const plainFooterHTML = `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background-color:#ffffff">
<tr><td align="center" style="padding:20px 24px 28px;border-top:1px solid #e3e3de;` + layoutFont + `font-size:13px;line-height:20px;color:#555962">
%FOOTER%</td></tr>
</table>
`

// The styles of what Markdown can say.
var markdownStyles = map[string]string{
	"h1":         "margin:0 0 16px;font-size:26px;line-height:32px;font-weight:600;letter-spacing:-0.01em",
	"h2":         "margin:28px 0 10px;font-size:19px;line-height:26px;font-weight:600",
	"h3":         "margin:24px 0 8px;font-size:16px;line-height:24px;font-weight:600",
	"p":          "margin:0 0 16px",
	"ul":         "margin:0 0 16px;padding:0 0 0 22px",
	"li":         "margin:0 0 8px",
	"blockquote": "margin:0 0 16px;padding:0 0 0 16px;border-left:3px solid #c9c9c2",
	"hr":         "margin:24px 0;border:0;border-top:1px solid #e3e3de",
	"a":          "color:#14417f;text-decoration:underline",
	"img":        "display:block;width:100%;max-width:496px;height:auto;border:0;border-radius:6px",
	"button":     "display:inline-block;padding:12px 22px;color:#ffffff;font-weight:600;text-decoration:none;border-radius:6px",
}

const (
	buttonOpen = `<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:4px 0 24px"><tr>` +
		`<td class="go" style="background-color:#14315c;border-radius:6px;mso-padding-alt:12px 22px">`
	buttonClose = "</td></tr></table>\n"
)
