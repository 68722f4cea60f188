"use strict";
// Without this, the form works by itself: files dropped as a folder and the progress are what it adds.
const form = document.getElementById("drop");
if (form) {
  const [zone, chosen, told, sent] = ["zone", "chosen", "told", "sent"].map((id) => document.getElementById(id));
  const input = form.elements.namedItem("files");
  const button = form.querySelector("button");
  let files = [];

  const say = (sentence) => {
    const line = document.createElement("p");
    line.className = "missing";
    line.textContent = sentence;
    told.replaceChildren(line);
  };

  const take = (more) => {
    files = more;
    input.required = false;
    const size = files.reduce((sum, [file]) => sum + file.size, 0);
    const names = files.slice(0, 5).map(([, name]) => name).join(", ");
    chosen.textContent = `${files.length === 1 ? "1 file" : `${files.length} files`}, ${(size / 1e6).toFixed(1)} MB: ${names}${files.length > 5 ? ", …" : ""}`;
    told.replaceChildren();
    if (size > Number(form.dataset.mostBytes)) say(`These files have more than ${Number(form.dataset.mostBytes) / 1e6} MB, which no exports have.`);
    else if (files.length > Number(form.dataset.mostFiles)) say(`These are more than ${form.dataset.mostFiles} files: pack them, or drop fewer at once.`);
    else return;
    files = [];
    input.required = true;
  };

  const within = async (entry, path) => {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      return [[file, path + file.name]];
    }
    const reader = entry.createReader();
    const all = [];
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!some.length) break;
      for (const one of some) all.push(...(await within(one, `${path}${entry.name}/`)));
    }
    return all;
  };

  input.addEventListener("change", () => take([...input.files].map((file) => [file, file.name])));
  for (const kind of ["dragenter", "dragover"]) {
    document.addEventListener(kind, (event) => { event.preventDefault(); zone.classList.add("over"); });
  }
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) zone.classList.remove("over"); });
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    // They are gone from the event as soon as it is waited for anything.
    const plain = [...event.dataTransfer.files].map((file) => [file, file.name]);
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    try {
      take(entries.length ? (await Promise.all(entries.map((entry) => within(entry, "")))).flat() : plain);
    } catch {
      say("These files cannot be read by the browser.");
    }
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!files.length) { say("No file was chosen."); return; }
    const content = new FormData(form);
    content.delete("files");
    for (const [file, name] of files) {
      content.append("files", file, name);
      content.append("modified", String(file.lastModified));
    }
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.responseType = "document";
    request.upload.addEventListener("progress", (progress) => {
      if (progress.lengthComputable) sent.value = progress.loaded / progress.total;
    });
    request.upload.addEventListener("load", () => {
      sent.removeAttribute("value");
      chosen.textContent = "They are being read …";
    });
    const end = () => { button.disabled = false; sent.hidden = true; };
    request.addEventListener("load", () => {
      end();
      if (request.status === 200) { window.location.assign(request.responseURL); return; }
      const lines = request.response?.querySelectorAll("#told p") ?? [];
      if (lines.length) told.replaceChildren(...[...lines].map((line) => document.importNode(line, true)));
      else say("The files could not be sent: try again.");
      chosen.textContent = "Drop them here, or choose them.";
    });
    request.addEventListener("error", () => { end(); say("The server has not answered: is it still running?"); });
    button.disabled = true;
    sent.hidden = false;
    told.replaceChildren();
    request.send(content);
  });
}
