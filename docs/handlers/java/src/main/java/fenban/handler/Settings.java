package fenban.handler;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;

/**
 * The handler's settings: one properties file, and a secret that stands elsewhere. {@code topics} are kinds of topics: unit, notice
 * and pool, or sealed with a user and a database of its own.
 */
public record Settings(
        String unit,
        String bootstrapServers,
        Path caFile,
        String username,
        Path passwordFile,
        List<String> topics,
        String group,
        Path database,
        int sessionSeconds) {
    static final String PASSWORD_VARIABLE = "FENBAN_HANDLER_PASSWORD";
    private static final Set<String> KINDS = Set.of("unit", "notice", "pool", "sealed");
    private static final List<String> NEEDED = List.of("unit", "bootstrap_servers", "ca_file", "username");
    private static final List<String> OTHERS = List.of("password_file", "topics", "group", "database", "session_seconds");

    public List<String> topicNames() {
        return topics.stream().map(kind -> kind.equals("pool") ? "fenban.pool" : "fenban." + kind + "." + unit).toList();
    }

    public String feedbackTopic() {
        return "fenban.feedback." + unit;
    }

    /** From the environment, else from its file. Throws ForPerson. */
    public String password() {
        String secret = System.getenv().getOrDefault(PASSWORD_VARIABLE, "");
        if (!secret.isEmpty()) {
            return secret;
        }
        if (passwordFile == null) {
            String english = "no password: set password_file or " + PASSWORD_VARIABLE;
            throw new Fault.ForPerson("没有口令：写 password_file，或设 " + PASSWORD_VARIABLE, english);
        }
        try {
            return Files.readString(passwordFile).strip();
        } catch (IOException error) {
            throw new Fault.ForPerson("读不了口令文件 " + passwordFile, "cannot read the password file " + passwordFile);
        }
    }

    /** Paths in the file are relative to the folder that it lies in. Throws ForPerson with the line to mend. */
    public static Settings load(Path file) {
        Properties found = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            found.load(reader);
        } catch (IOException | IllegalArgumentException error) {
            throw new Fault.ForPerson("读不了配置文件 " + file, "cannot read the settings file " + file);
        }
        checkNames(found);
        Path folder = file.toAbsolutePath().getParent();
        String unit = found.getProperty("unit").strip();
        String username = found.getProperty("username").strip();
        String secret = found.getProperty("password_file", "").strip();
        return checked(new Settings(
                unit,
                found.getProperty("bootstrap_servers").strip(),
                folder.resolve(found.getProperty("ca_file").strip()),
                username,
                secret.isEmpty() ? null : folder.resolve(secret),
                Arrays.stream(found.getProperty("topics", "unit,notice").split(",")).map(String::strip).toList(),
                found.getProperty("group", username + ".handler").strip(),
                folder.resolve(found.getProperty("database", "handler.db").strip()),
                number(found.getProperty("session_seconds", "10"))));
    }

    private static void checkNames(Properties found) {
        if (found.containsKey("password")) {
            String english = "no password here: put it into a file, named by password_file";
            throw new Fault.ForPerson("口令不写在配置里：放进文件，用 password_file 指出", english);
        }
        Set<String> unknown = new TreeSet<>(found.stringPropertyNames());
        NEEDED.forEach(unknown::remove);
        OTHERS.forEach(unknown::remove);
        if (!unknown.isEmpty()) {
            String names = String.join(", ", unknown);
            throw new Fault.ForPerson("不认识的配置项：" + names, "unknown settings: " + names);
        }
        List<String> missing = NEEDED.stream().filter(name -> found.getProperty(name, "").isBlank()).toList();
        if (!missing.isEmpty()) {
            String names = String.join(", ", missing);
            throw new Fault.ForPerson("配置缺少：" + names, "settings are missing: " + names);
        }
    }

    private static Settings checked(Settings settings) {
        if (!KINDS.containsAll(settings.topics)) {
            throw new Fault.ForPerson("topics 只能是 unit、notice、pool、sealed", "topics are of unit, notice, pool, sealed");
        }
        if (!settings.group.startsWith(settings.username + ".")) {
            throw new Fault.ForPerson("group 要以 " + settings.username + ". 开头", "group begins with " + settings.username + ".");
        }
        return settings;
    }

    private static int number(String text) {
        try {
            return Integer.parseInt(text.strip());
        } catch (NumberFormatException error) {
            throw new Fault.ForPerson("session_seconds 要是整数", "session_seconds is a whole number");
        }
    }
}
