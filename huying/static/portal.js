/* What a browser adds to the portal: drafts, danger words at once, the place when asked, photos made smaller,
   sending again when the network is back. Every page works without it. */
"use strict";
(function () {
  var DRAFT = "huying.report", KEPT = ["text", "category", "area", "place", "once"], DAYS = 14 * 864e5;
  var WIDEST = 2560, SMALL = 1500000;

  function find(id) { return document.getElementById(id); }
  function each(selector, act) { Array.prototype.forEach.call(document.querySelectorAll(selector), act); }
  function store(act) { try { return act(window.localStorage); } catch (error) { return null; } }

  each("[data-needs-script]", function (part) { part.hidden = false; });
  var first = document.querySelector("[data-focus]");
  if (first) { first.focus(); }
  if (document.querySelector("[data-received]")) { store(function (box) { box.removeItem(DRAFT); }); }
  receipt();
  if (find("report")) { report(find("report")); }
  else { each("form[method=post]", once); each("form[data-danger]", heed); }

  function heed(form) {
    form.addEventListener("input", function () { danger(form); });
    danger(form);
  }

  function once(form) {
    form.addEventListener("submit", function (event) {
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "1";
      window.setTimeout(function () { delete form.dataset.sent; }, 8000);
    });
  }

  function receipt() {
    var copy = find("copy"), link = find("link"), print = find("print-it");
    if (print) { print.addEventListener("click", function () { window.print(); }); }
    if (!copy) { return; }
    copy.addEventListener("click", function () {
      link.select();
      var said = copy.querySelector("span");
      var done = function () { said.textContent = copy.dataset.done; };
      if (navigator.clipboard) { navigator.clipboard.writeText(link.value).then(done, function () {}); }
      else if (document.execCommand("copy")) { done(); }
    });
  }

  function report(form) {
    var state = find("state"), waiting = false, sending = false;
    restore(form, state);
    var later;
    form.addEventListener("input", function () {
      danger(form);
      window.clearTimeout(later);
      later = window.setTimeout(function () { keep(form); }, 300);
    });
    form.addEventListener("change", function (event) {
      keep(form);
      if (event.target.id === "photos") { chosen(form); }
      if (event.target.id === "area" || event.target.id === "category") { near(form); }
    });
    danger(form);
    place(form);
    find("look").addEventListener("click", function (event) { event.preventDefault(); near(form); });
    form.addEventListener("submit", function (event) {
      if (event.defaultPrevented || !window.fetch || !window.FormData) { return; }
      event.preventDefault();
      send();
    });
    window.addEventListener("online", function () { if (waiting) { send(); } });

    function send() {
      if (sending) { return; }
      sending = true;
      keep(form);
      say(state, state.dataset.sending, "");
      whole(form).then(function (data) {
        return window.fetch(form.action, { method: "POST", body: data, referrerPolicy: "no-referrer" });
      }).then(function (answer) {
        sending = waiting = false;
        if (answer.redirected) { window.location.assign(answer.url); return null; }
        return answer.text().then(replace);
      }).catch(function () {
        sending = false;
        waiting = true;
        say(state, state.dataset.offline, "hy-note-warn");
      });
    }

    /* What the server refused stands on the page that it sent; the chosen photos move over to it. */
    function replace(text) {
      var page = new DOMParser().parseFromString(text, "text/html"), main = page.getElementById("main");
      if (!page.getElementById("report")) { waiting = false; say(state, page.body.textContent.slice(0, 300), "hy-note-bad"); return; }
      var photos = find("photos"), other = main.querySelector("#photos");
      other.parentNode.replaceChild(photos, other);
      var old = find("main");
      old.parentNode.replaceChild(document.importNode(main, false), old);
      var here = find("main");
      while (main.firstChild) { here.appendChild(document.adoptNode(main.firstChild)); }
      each("[data-needs-script]", function (part) { part.hidden = false; });
      report(find("report"));
      var focus = document.querySelector("[data-focus]");
      if (focus) { focus.focus(); }
    }
  }

  function say(state, words, kind) {
    state.className = "hy-p-narrow" + (words && kind ? " hy-note " + kind : "");
    state.textContent = words;
  }

  function keep(form) {
    store(function (box) {
      var draft = { at: Date.now() };
      KEPT.forEach(function (name) { draft[name] = form.elements[name].value; });
      if (draft.text) { box.setItem(DRAFT, JSON.stringify(draft)); } else { box.removeItem(DRAFT); }
    });
  }

  function restore(form, state) {
    var draft = store(function (box) { return JSON.parse(box.getItem(DRAFT) || "null"); });
    if (!draft || !draft.text || form.elements.text.value || Date.now() - draft.at > DAYS) { return; }
    KEPT.forEach(function (name) { if (draft[name]) { form.elements[name].value = draft[name]; } });
    say(state, state.dataset.restored, "hy-note-info");
  }

  function danger(form) {
    var text = "", box = find("danger");
    Array.prototype.forEach.call(form.querySelectorAll("textarea, #place"), function (field) { text += " " + field.value; });
    var found = form.dataset.danger.split("|").some(function (word) {
      return word && folded(text).indexOf(folded(word)) >= 0;
    });
    if (box.hidden === found) { box.hidden = !found; }
  }

  function folded(text) { return text.normalize("NFKC").toLowerCase().split(/\s+/).join(" "); }

  function place(form) {
    var told = find("located"), drop = find("drop"), lat = form.elements.lat, long = form.elements.long;
    if (!navigator.geolocation) { find("locate").hidden = true; }
    find("locate").addEventListener("click", function () {
      navigator.geolocation.getCurrentPosition(function (where) {
        lat.value = where.coords.latitude.toFixed(6);
        long.value = where.coords.longitude.toFixed(6);
        told.textContent = told.dataset.got;
        drop.hidden = false;
        near(form);
      }, function () { told.textContent = told.dataset.not; }, { timeout: 15000 });
    });
    drop.addEventListener("click", function () {
      lat.value = long.value = told.textContent = "";
      drop.hidden = true;
    });
  }

  function near(form) {
    if (!window.fetch) { return; }
    var data = new FormData(), turn = near.asked = (near.asked || 0) + 1;
    ["category", "area", "lat", "long"].forEach(function (name) { data.append(name, form.elements[name].value); });
    window.fetch("/report/near" + window.location.search, { method: "POST", body: data, referrerPolicy: "no-referrer" })
      .then(function (answer) { return answer.ok ? answer.text() : ""; })
      .then(function (text) {
        if (turn !== near.asked) { return; }  // an answer that was overtaken says what was asked before
        var page = new DOMParser().parseFromString(text, "text/html"), box = find("near");
        box.textContent = "";
        while (page.body.firstChild) { box.appendChild(document.adoptNode(page.body.firstChild)); }
      }, function () {});
  }

  function chosen(form) {
    var list = find("chosen");
    list.textContent = "";
    Array.prototype.forEach.call(form.elements.photos.files, function (file) {
      var row = document.createElement("li");
      row.textContent = file.name + " · " + Math.ceil(file.size / 1024) + " kB";
      list.appendChild(row);
    });
  }

  /* The form with its photos made small enough for a slow line; what can't be made smaller goes as it is. */
  function whole(form) {
    var data = new FormData(form), files = Array.prototype.slice.call(form.elements.photos.files);
    data.delete("photos");
    return Promise.all(files.map(smaller)).then(function (ready) {
      ready.forEach(function (file, place) { data.append("photos", file, files[place].name); });
      return data;
    });
  }

  function smaller(file) {
    if (file.size < SMALL || !/^image\/(jpeg|png|webp)$/.test(file.type)) { return Promise.resolve(file); }
    if (!window.createImageBitmap) { return Promise.resolve(file); }
    return window.createImageBitmap(file, { imageOrientation: "from-image" }).then(function (image) {
      var scale = Math.min(1, WIDEST / Math.max(image.width, image.height));
      var canvas = document.createElement("canvas");
      canvas.width = Math.round(image.width * scale);
      canvas.height = Math.round(image.height * scale);
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      return new Promise(function (done) {
        canvas.toBlob(function (blob) { done(blob && blob.size < file.size ? blob : file); }, "image/jpeg", 0.85);
      });
    }).catch(function () { return file; });
  }
})();
