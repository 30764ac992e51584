/* Records a sentence in the browser. Browsers record in formats of their own (WebM, MP4), so what was recorded, or a file
   that is neither WAV nor Ogg, is made a WAV file of one channel here; the county makes of it what stations play. */
"use strict";
(() => {
  const RATE = 24_000, LONGEST_MS = 60_000;
  const note = document.getElementById("recorder-note");
  const say = words => { note.textContent = words; };
  let running = null; // the recorder that runs, and its button

  async function wav(blob) {
    const decoded = await new AudioContext().decodeAudioData(await blob.arrayBuffer());
    const offline = new OfflineAudioContext(1, Math.ceil(decoded.duration * RATE), RATE);
    const source = offline.createBufferSource();
    source.buffer = decoded;
    source.connect(offline.destination);
    source.start();
    const samples = (await offline.startRendering()).getChannelData(0);
    const view = new DataView(new ArrayBuffer(44 + samples.length * 2));
    const text = (at, letters) => [...letters].forEach((letter, place) => view.setUint8(at + place, letter.charCodeAt(0)));
    text(0, "RIFF"); view.setUint32(4, view.byteLength - 8, true); text(8, "WAVEfmt "); view.setUint32(16, 16, true);
    view.setUint16(20, 1, true); view.setUint16(22, 1, true); view.setUint32(24, RATE, true);
    view.setUint32(28, RATE * 2, true); view.setUint16(32, 2, true); view.setUint16(34, 16, true);
    text(36, "data"); view.setUint32(40, samples.length * 2, true);
    samples.forEach((sample, place) => view.setInt16(44 + place * 2, Math.max(-1, Math.min(1, sample)) * 32_767, true));
    return new File([view], "recording.wav", { type: "audio/wav" });
  }

  function put(form, file) {
    const files = new DataTransfer();
    files.items.add(file);
    form.elements.recording.files = files.files;
  }

  async function record(form, button) {
    if (running) { running.recorder.stop(); return; }
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      say("用不了麦克风：请插好麦克风，并在浏览器里允许本页使用它；也可以选一个文件。");
      return;
    }
    const recorder = new MediaRecorder(stream), pieces = [];
    running = { recorder, button };
    const end = setTimeout(() => recorder.stop(), LONGEST_MS - 1_000);
    recorder.ondataavailable = event => pieces.push(event.data);
    recorder.onstop = async () => {
      clearTimeout(end);
      stream.getTracks().forEach(track => track.stop());
      running = null;
      button.textContent = "录音";
      try {
        put(form, await wav(new Blob(pieces)));
        say(`录好了，请按“${form.querySelector("[type=submit]").textContent}”。要重录，再按“录音”。`);
      } catch {
        say("没有录好，请再录一次。");
      }
    };
    recorder.start();
    button.textContent = "录完了";
    say("正在录，请念这一句，念完按“录完了”。");
  }

  for (const form of document.querySelectorAll("form.recorder")) {
    const button = form.querySelector("[data-record]");
    if (navigator.mediaDevices && window.MediaRecorder && window.DataTransfer) {
      button.hidden = false;
      button.addEventListener("click", () => record(form, button));
    }
    form.elements.recording.addEventListener("change", async event => {
      const [file] = event.target.files;
      if (!file || /\.(wav|ogg|opus)$/i.test(file.name) || file.size > 20_000_000) return;
      try { put(form, await wav(file)); } catch { say("这个文件浏览器读不了，请换一个录音文件。"); }
    });
  }
})();
