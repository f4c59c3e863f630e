package fenban.handler;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/** What the unit says about one assignment. Made by the functions below, which hold the contract's bounds. */
public record Answer(String type, ObjectNode said) {
    private static final int MAX_REASON = 2_000;
    private static final int MAX_REPLY = 20_000;
    private static final int MAX_DAYS = 365;

    /** 签收. */
    public static Answer sign() {
        return new Answer("sign", Json.object());
    }

    /**
     * 退回: why it is not this unit's, and whose it is (code, name or alias; may be empty).
     *
     * @throws Fault.ForPerson when the reason is missing or too long
     */
    public static Answer giveBack(String reason, String suggestedUnit) {
        ObjectNode said = Json.object().put("reason", text(reason, MAX_REASON, "退回要写理由", "a return needs its reason"));
        if (!suggestedUnit.isBlank()) {
            said.put("suggested_unit", suggestedUnit.strip());
        }
        return new Answer("return", said);
    }

    /**
     * 办结 with the answer to the citizen.
     *
     * @throws Fault.ForPerson when it is missing or too long
     */
    public static Answer complete(String reply) {
        return new Answer("complete", Json.object().put("reply", reply(reply)));
    }

    /**
     * 办结 with the parts of the answer: 调查情况, 处理意见, 处理结果.
     *
     * @throws Fault.ForPerson when they are missing or too long
     */
    public static Answer complete(Map<String, String> parts) {
        ObjectNode reply = Json.object();
        StringBuilder whole = new StringBuilder();
        parts.forEach((name, text) -> {
            if (!text.isBlank()) {
                reply.put(name, text.strip());
                // Each part comes with its name, a colon and a line's end.
                whole.append(name).append('：').append(text.strip()).append('\n');
            }
        });
        reply(whole.toString());
        ObjectNode said = Json.object();
        said.set("reply", reply);
        return new Answer("complete", said);
    }

    /**
     * 申请延期 by so many working days.
     *
     * @throws Fault.ForPerson when the reason is missing or the days are not 1 to 365
     */
    public static Answer extend(String reason, int days) {
        if (days < 1 || days > MAX_DAYS) {
            throw new Fault.ForPerson("延期是 1 到 365 个工作日", "an extension is 1 to 365 working days");
        }
        String why = text(reason, MAX_REASON, "延期要写理由", "an extension needs its reason");
        return new Answer("extend", Json.object().put("reason", why).put("days", days));
    }

    /** 认领 of what the pool offers. */
    public static Answer claim() {
        return new Answer("claim", Json.object());
    }

    private static String reply(String text) {
        return text(text, MAX_REPLY, "办结要写答复", "a complete needs its reply");
    }

    private static String text(String text, int longest, String chinese, String english) {
        String stripped = text.strip();
        if (stripped.isEmpty()) {
            throw new Fault.ForPerson(chinese, english);
        }
        if (stripped.codePointCount(0, stripped.length()) > longest) {
            throw new Fault.ForPerson("最多 " + longest + " 字", "at most " + longest + " characters");
        }
        return stripped;
    }
}
