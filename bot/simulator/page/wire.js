// Talking to the simulator: requests out, server-sent events in.
export const $ = (id) => document.getElementById(id);

let toastTimer = 0;
export const toast = (text) => {
  $("toast").textContent = text;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { $("toast").textContent = ""; }, 4000);
};

export const ask = async (path, body) => {
  const options = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(`/sim/${path}`, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
};

// As `ask`, for what a tap does: trouble is shown, and the answer is null.
export const attempt = async (path, body) => {
  try {
    return await ask(path, body);
  } catch (error) {
    toast(`没有办成：${error.message}`);
    return null;
  }
};

export const listen = (handlers) => {
  const source = new EventSource("/sim/stream");
  for (const [name, handle] of Object.entries(handlers)) {
    source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
  }
  source.onerror = () => toast("和模拟器断开了，正在重连…");
  source.onopen = () => toast("");
};
