// The command palette: the pages that /find lists and the buttons of this page.
// Returns a function that opens it and says whether it could.
export function palette() {
  const dialog = document.getElementById("palette");
  if (!dialog) return () => false;
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("ul");
  let items, chosen = 0;

  const load = async () => {
    const found = [];
    for (const el of document.querySelectorAll("main .actions .btn:not([disabled])")) {
      const name = el.firstChild?.textContent.trim() || el.textContent.trim();
      if (name) found.push({ name, run: () => el.click() });
    }
    const answer = await fetch("/find", { headers: { Accept: "text/html" } });
    if (answer.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const a of page.querySelectorAll("#found a")) {
        found.push({ name: a.textContent, href: a.getAttribute("href"), run: () => location.assign(a.getAttribute("href")) });
      }
    }
    return found;
  };

  const fitting = () => items.filter((i) => i.name.toLowerCase().includes(input.value.trim().toLowerCase()));

  const show = () => {
    const found = fitting();
    chosen = Math.max(0, Math.min(chosen, found.length - 1));
    list.replaceChildren(...found.map((item, i) => {
      const li = document.createElement("li");
      li.id = `palette-${i}`;
      li.setAttribute("role", "option");
      li.setAttribute("aria-selected", String(i === chosen));
      const a = document.createElement("a");
      a.href = item.href ?? "#";
      a.tabIndex = -1;
      a.textContent = item.name;
      a.addEventListener("click", (event) => {
        event.preventDefault();
        dialog.close();
        item.run();
      });
      li.append(a);
      return li;
    }));
    input.setAttribute("aria-activedescendant", found.length ? `palette-${chosen}` : "");
    list.children[chosen]?.scrollIntoView({ block: "nearest" });
  };

  input.addEventListener("input", () => { chosen = 0; show(); });
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      chosen += step;
      show();
    } else if (event.key === "Enter" && fitting()[chosen]) {
      event.preventDefault();
      const item = fitting()[chosen];
      dialog.close();
      item.run();
    }
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });

  return () => {
    if (dialog.open) return false;
    input.value = "";
    chosen = 0;
    dialog.showModal();
    input.focus();
    load().then((found) => { items = found; show(); });
    items ??= [];
    return true;
  };
}
