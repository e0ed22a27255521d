// A toast stays ten seconds, longer while it is hovered or focused.
export function toast() {
  const box = document.querySelector("[data-toast]");
  if (!box) return;
  let timer;
  const start = () => { timer = setTimeout(() => box.remove(), 10000); };
  const stop = () => clearTimeout(timer);
  box.addEventListener("pointerenter", stop);
  box.addEventListener("pointerleave", start);
  box.addEventListener("focusin", stop);
  box.addEventListener("focusout", start);
  start();
}
