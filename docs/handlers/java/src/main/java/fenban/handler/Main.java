package fenban.handler;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;

/** The command line: {@code run}, and the unit's people's work. */
public final class Main {
    private static final String USAGE = """
            handler [--settings handler.properties] COMMAND
              run [--once]                    一直接收、反馈 / takes in and answers until it is stopped
              check                           连接和权限行不行 / whether connection and permissions are well
              list [--state STATE] [--json]   列出交办 / what the unit holds
              show ASSIGNMENT                 看全文 / the whole of one
              sign ASSIGNMENT                 签收
              claim MATTER                    认领
              return ASSIGNMENT --reason 理由 [--suggest 单位]          退回
              complete ASSIGNMENT --reply 答复（- 从标准输入读）          办结
              complete ASSIGNMENT --found 调查情况 --opinion 处理意见 --result 处理结果
              extend ASSIGNMENT --reason 理由 --days 工作日              申请延期""";
    private static final Map<String, Set<String>> OPTIONS = Map.of(
            "run", Set.of("once"),
            "check", Set.of(),
            "list", Set.of("state", "json"),
            "show", Set.of(),
            "sign", Set.of(),
            "claim", Set.of(),
            "return", Set.of("reason", "suggest"),
            "complete", Set.of("reply", "found", "opinion", "result"),
            "extend", Set.of("reason", "days"));
    private static final Set<String> FLAGS = Set.of("once", "json");
    private static final Set<String> OF_ONE = Set.of("show", "sign", "claim", "return", "complete", "extend");

    private Main() {}

    public static void main(String[] words) {
        // Where the machine knows ASCII only, Chinese would come out as question marks.
        if (Charset.forName(System.getProperty("native.encoding", "UTF-8")).equals(StandardCharsets.US_ASCII)) {
            System.setOut(new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8));
        }
        Main main = new Main();
        main.code = main.done(words);
        main.ended.countDown();
        System.exit(main.code);
    }

    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile int code;
    private String command = "";
    private String assignment = "";
    private final Map<String, String> options = new HashMap<>();

    /** The exit code: 0 well, 1 something is wrong and said, 2 usage. */
    private int done(String[] words) {
        if (!understood(words)) {
            System.err.println(USAGE);
            return 2;
        }
        try {
            Settings settings = Settings.load(Path.of(options.getOrDefault("settings", "handler.properties")));
            if (command.equals("check")) {
                try (Broker broker = new Broker(settings)) {
                    broker.check();
                }
                System.out.println("ok");
                return 0;
            }
            try (State state = new State(settings.database())) {
                act(settings, state);
            }
        } catch (Fault error) {
            System.err.println(error.getMessage());
            return 1;
        } catch (SQLException | IOException error) {
            System.err.println("数据库或输入出错 / the database or the input failed: " + error.getMessage());
            return 1;
        } catch (InterruptedException error) {
            return 1;
        }
        return 0;
    }

    private boolean understood(String[] words) {
        Deque<String> left = new ArrayDeque<>(List.of(words));
        while (!left.isEmpty()) {
            String word = left.pop();
            if (!word.startsWith("--")) {
                if (command.isEmpty()) {
                    command = word;
                } else if (assignment.isEmpty()) {
                    assignment = word;
                } else {
                    return false;
                }
                continue;
            }
            String name = word.substring(2);
            if (!FLAGS.contains(name) && left.isEmpty()) {
                return false;
            }
            options.put(name, FLAGS.contains(name) ? "" : left.pop());
        }
        Set<String> known = OPTIONS.getOrDefault(command, Set.of());
        boolean all = options.keySet().stream().allMatch(name -> name.equals("settings") || known.contains(name));
        return OPTIONS.containsKey(command) && all && OF_ONE.contains(command) != assignment.isEmpty();
    }

    private void act(Settings settings, State state) throws SQLException, IOException, InterruptedException {
        switch (command) {
            case "run" -> run(settings, state);
            case "list" -> {
                for (Case held : state.cases(options.getOrDefault("state", ""))) {
                    System.out.println(options.containsKey("json") ? Json.text(held.shown()) : line(held));
                }
            }
            case "show" -> System.out.println(Json.pretty(state.held(assignment).shown()));
            default -> state.say(assignment, answer(), settings.unit() + ":" + UUID.randomUUID(), Log.now());
        }
    }

    private void run(Settings settings, State state) throws SQLException, InterruptedException {
        Handler handler = new Handler(state, new OwnRules(), () -> new Broker(settings), System::nanoTime);
        // A clean end by SIGTERM is a success, where Java itself would say 143.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            handler.stop();
            try {
                ended.await();
            } catch (InterruptedException error) {
                Thread.currentThread().interrupt();
            }
            Runtime.getRuntime().halt(code);
        }));
        if (options.containsKey("once")) {
            handler.once();
        } else {
            handler.run();
        }
    }

    private Answer answer() throws IOException {
        return switch (command) {
            case "sign" -> Answer.sign();
            case "claim" -> Answer.claim();
            case "return" -> Answer.giveBack(option("reason"), option("suggest"));
            case "extend" -> Answer.extend(option("reason"), days());
            default -> reply();
        };
    }

    private Answer reply() throws IOException {
        Map<String, String> parts = new LinkedHashMap<>();
        parts.put("调查情况", option("found"));
        parts.put("处理意见", option("opinion"));
        parts.put("处理结果", option("result"));
        if (parts.values().stream().anyMatch(part -> !part.isBlank())) {
            return Answer.complete(parts);
        }
        boolean piped = option("reply").equals("-");
        return Answer.complete(piped ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8) : option("reply"));
    }

    /** Java reads arguments in the locale's encoding; what it could not read must not be sent as question marks. */
    private String option(String name) {
        String value = options.getOrDefault(name, "");
        if (value.indexOf('\uFFFD') >= 0) {
            throw new Fault.ForPerson("参数里的汉字读不出：设 LC_ALL=C.UTF-8", "the arguments' Chinese is unreadable: set LC_ALL=C.UTF-8");
        }
        return value;
    }

    private int days() {
        try {
            return Integer.parseInt(option("days"));
        } catch (NumberFormatException error) {
            throw new Fault.ForPerson("--days 要是整数", "--days is a whole number");
        }
    }

    private static String line(Case held) {
        String level = held.reminder().has("level") ? "催办" + held.reminder().path("level").asInt() : "";
        String due = held.due().length() >= 10 ? held.due().substring(0, 10) : "";
        return String.join("\t", held.assignment(), held.state(), due, level, held.data().path("subject").asText(""));
    }
}
