// Makes pages quicker for those who have JavaScript. Nothing needs it.
import { rows } from "./rows.js";
import { palette } from "./palette.js";
import { toast } from "./toast.js";
import { matrix } from "./matrix.js";
import { narrow } from "./narrow.js";
import { ask } from "./ask.js";

const typing = (el) => el instanceof Element && el.closest("input, textarea, select, [contenteditable]");
const keysOff = () => document.documentElement.dataset.shortcuts === "off";

const help = document.getElementById("keys");
const openHelp = () => help && !help.open && help.showModal();

document.addEventListener("click", (event) => {
  if (help && event.target.closest("[data-keys]")) {
    event.preventDefault();
    openHelp();
  }
});

const move = rows();
const openPalette = palette();
toast();
matrix();
narrow();
ask();

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
    if (openPalette()) event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || keysOff()) return;
  if (document.querySelector("dialog:modal")) return;
  if (event.key === "?") openHelp();
  else if (event.key === "/") {
    const field = document.querySelector("[data-search]") ?? document.getElementById("find");
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  } else if (!move(event)) {
    const does = document.querySelector(`[data-key="${CSS.escape(event.key)}"]:not([disabled])`);
    if (!does) return;
    event.preventDefault();
    does.click();
  }
});

// When a stream of progress breaks, ask for the page instead.
document.addEventListener("htmx:sse:error", (event) => {
  const box = event.target;
  if (!box.id?.startsWith("job-") || box.dataset.polling) return;
  box.dataset.polling = "yes";
  const timer = setInterval(async () => {
    const answer = await fetch(`/jobs/${box.id.slice(4)}`, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = page.getElementById(box.id);
    if (!now) return;
    box.replaceChildren(...now.childNodes);
    if (!now.hasAttribute("hx-sse:connect")) clearInterval(timer);
  }, 3000);
});
