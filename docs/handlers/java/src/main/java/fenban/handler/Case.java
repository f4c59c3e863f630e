package fenban.handler;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * One assignment as the unit holds it, or a matter that the pool offers (the assignment is then the matter). The data are the last
 * event's; empty once it was recalled or closed.
 */
public record Case(String assignment, String matter, String state, String due, JsonNode data, JsonNode reminder) {

    ObjectNode shown() {
        ObjectNode shown = Json.object().put("assignment", assignment).put("matter", matter).put("state", state).put("due", due);
        shown.set("data", data);
        shown.set("reminder", reminder);
        return shown;
    }
}
