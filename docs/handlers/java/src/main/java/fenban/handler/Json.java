package fenban.handler;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;

/** JSON as text and as a tree. */
final class Json {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private Json() {}

    static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    /** The object that the bytes hold; null when they hold none. */
    static ObjectNode read(byte[] bytes) {
        try {
            return bytes != null && MAPPER.readTree(bytes) instanceof ObjectNode found ? found : null;
        } catch (IOException error) {
            return null;
        }
    }

    /** An object that this program wrote. */
    static JsonNode own(String text) {
        try {
            return MAPPER.readTree(text);
        } catch (JsonProcessingException error) {
            throw new IllegalStateException("the database holds no JSON", error);
        }
    }

    static String text(JsonNode node) {
        return node.toString();
    }

    static String pretty(JsonNode node) {
        return node.toPrettyString();
    }
}
