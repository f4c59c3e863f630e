package fenban.handler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** What is wrong with the settings is said in one line. */
class SettingsTest {
    private static final String LEAST = "unit = water\nbootstrap_servers = 127.0.0.1:9093\nca_file = ca.pem\nusername = water\n";

    @TempDir
    Path folder;

    private Settings load(String text) throws IOException {
        return Settings.load(Files.writeString(folder.resolve("handler.properties"), text));
    }

    @Test
    void theSettingsShownLoadAndNamesFollowFromTheUnit() {
        Path shown = Path.of("handler.properties");
        Settings settings = Settings.load(shown);
        assertEquals(List.of("fenban.unit.water", "fenban.notice.water"), settings.topicNames());
        assertEquals("fenban.feedback.water", settings.feedbackTopic());
        assertEquals(shown.toAbsolutePath().resolveSibling("handler.db"), settings.database());
    }

    @Test
    void thePasswordComesFromAFileBesideTheSettings() throws IOException {
        assertSays("no password", () -> load(LEAST).password());
        String named = LEAST + "password_file = secret\n";
        assertSays("cannot read the password file", () -> load(named).password());
        Files.writeString(folder.resolve("secret"), "kouling\n");
        assertEquals("kouling", load(named).password());
    }

    @Test
    void whatIsWrongIsNamed() {
        assertSays("unknown settings: colour", () -> load(LEAST + "colour = red"));
        assertSays("no password here", () -> load(LEAST + "password = x"));
        assertSays("group begins with water.", () -> load(LEAST + "group = other.handler"));
        assertSays("topics are of", () -> load(LEAST + "topics = feedback"));
        assertSays("session_seconds is a whole number", () -> load(LEAST + "session_seconds = long"));
        assertSays("missing: bootstrap_servers, ca_file, username", () -> load("unit = water"));
        assertSays("cannot read the settings file", () -> Settings.load(folder.resolve("none")));
    }

    private static void assertSays(String line, Executable work) {
        String said = assertThrows(Fault.ForPerson.class, work).getMessage();
        assertTrue(said.contains(line), said);
        assertFalse(said.contains("\n"), said);
    }
}
