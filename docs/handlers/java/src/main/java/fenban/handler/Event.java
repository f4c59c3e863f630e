package fenban.handler;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * One event of one matter, as fenban sends it (CloudEvents 1.0, Kafka binary mode). The sequence is zero-padded: text order is
 * number order.
 */
public record Event(String topic, String source, String id, String type, String matter, String sequence, JsonNode data) {
    private static final Pattern SEQUENCE = Pattern.compile("[0-9]{20}");
    private static final Set<String> OF_THE_POOL = Set.of("offered", "offer-closed");
    private static final Set<String> OF_ASSIGNMENTS = Set.of("assigned", "updated", "recall", "reminder");

    /** What the event is about: an assignment, or the matter that the pool offers. */
    public String assignment() {
        return OF_THE_POOL.contains(type) ? matter : data.path("assignment").asText("");
    }

    /**
     * One record of a topic; header names come with their prefix. Types and fields that are not known are kept as they are.
     *
     * @throws Fault.Unreadable when it is no event of the contract
     */
    public static Event read(String topic, Map<String, byte[]> headers, byte[] value) {
        ObjectNode data = Json.read(value);
        if (data == null) {
            throw new Fault.Unreadable("内容不是 JSON", "its value is not JSON");
        }
        List<String> missing = Stream.of("source", "id", "type", "subject", "sequence")
                .filter(name -> attribute(headers, name).isEmpty())
                .toList();
        String sequence = attribute(headers, "sequence");
        if (!missing.isEmpty() || !SEQUENCE.matcher(sequence).matches()) {
            String what = missing.isEmpty() ? "sequence" : String.join(", ", missing);
            throw new Fault.Unreadable("不符合契约（" + what + "）", "not as the contract says (" + what + ")");
        }
        Event event = new Event(
                topic,
                attribute(headers, "source"),
                attribute(headers, "id"),
                attribute(headers, "type"),
                attribute(headers, "subject"),
                sequence,
                data);
        if (event.assignment().isEmpty() && OF_ASSIGNMENTS.contains(event.type())) {
            throw new Fault.Unreadable("没有 assignment", "it names no assignment");
        }
        return event;
    }

    private static String attribute(Map<String, byte[]> headers, String name) {
        byte[] value = headers.get("ce_" + name);
        return value == null ? "" : new String(value, StandardCharsets.UTF_8);
    }
}
