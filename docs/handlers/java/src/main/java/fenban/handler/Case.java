package fenban.handler;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** One assignment as the unit holds it. The data are the last event's; empty once it was recalled. */
public record Case(String assignment, String matter, String state, String due, JsonNode data, JsonNode reminder) {

    ObjectNode shown() {
        ObjectNode shown = Json.object().put("assignment", assignment).put("matter", matter).put("state", state).put("due", due);
        shown.set("data", data);
        shown.set("reminder", reminder);
        return shown;
    }
}
