// What the last callback looked like on the wire, for the curious.
import { el } from "/page/text.js";

const MODES = { safe: "安全模式", compatible: "兼容模式", plain: "明文模式" };
const ROUTES = {
  pending: "等待答复", silent: "先答 success，不当场回复", replied: "被动回复",
  failed: "没有得到答复", dropped: "平台暂停推送一分钟",
};
const KINDS = { text: "文字", voice: "语音", image: "图片", location: "位置", link: "链接", "event:subscribe": "关注", "event:unsubscribe": "取消关注", "event:CLICK": "点菜单", "event:VIEW": "点链接菜单", "event:SCAN": "扫码", "event:TEMPLATESENDJOBFINISH": "模板消息的结果", "event:MASSSENDJOBFINISH": "群发的结果", "event:subscribe_msg_sent_event": "订阅通知的结果", "event:subscribe_msg_popup_event": "允许订阅通知", "event:subscribe_msg_change_event": "管理订阅通知" };
const VERDICTS = { malformed: "回包格式不对", status: "状态码不对", timeout: "超时", unreachable: "连不上" };

const bytes = (count) => `${count.toLocaleString("zh-CN")} 字节`;

export const showLine = (place, push, mode) => {
  const last = push.attempts.at(-1);
  const rows = [
    ["来的是", KINDS[push.kind] || push.kind],
    ["去程密文", last ? (last.cipher_bytes ? bytes(last.cipher_bytes) : "不加密") : "—"],
    ["回程", last ? bytes(last.received_bytes) : "—"],
    ["加密", mode === "plain" ? MODES.plain : `${MODES[mode]} AES-256`],
    ["推送次数", last ? `${push.attempts.length}` : "—"],
    ["怎么回的", push.custom ? "客服消息" : ROUTES[push.outcome]],
  ];
  if (VERDICTS[last?.verdict]) rows.push(["毛病", `${VERDICTS[last.verdict]} ${last.reason}`]);
  const took = last ? push.attempts.reduce((sum, attempt) => sum + attempt.latency_ms, 0) : null;
  place.replaceChildren(
    el("p", { class: "big" }, took === null ? "—" : `${took.toLocaleString("zh-CN", { maximumFractionDigits: 0 })} 毫秒`, el("small", {}, "从推送到答复")),
    el("dl", {}, ...rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", { class: name === "毛病" ? "bad" : null }, value)])),
  );
};
