package fenban.handler;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.sqlite.SQLiteConfig;

/**
 * What the unit holds, in a database of its own (SQLite). An event's effect and the memory that it was taken are written in one
 * transaction; so are an answer and its id. Whatever is killed, repeated or late, the database says the same in the end. Several
 * processes may have it open at once: the running handler and the command line.
 */
final class State implements AutoCloseable {
    private static final int BUSY_MILLISECONDS = 30_000;
    private static final Set<String> OPEN = Set.of("received", "signed");
    private static final Map<String, Set<String>> MAY_FOLLOW = Map.of(
            "sign", Set.of("received"), "return", OPEN, "complete", OPEN, "extend", OPEN, "claim", Set.of("offered"));
    private static final Map<String, String> BECOMES = Map.of("sign", "signed", "return", "returned", "complete", "completed", "claim", "claimed");
    private static final Set<String> GONE = Set.of("recalled", "closed");
    private static final Set<String> TAKING_BACK = Set.of("recall", "offer-closed");
    private static final String CASE =
            "a.assignment, a.matter, a.state, coalesce(a.due, ''), coalesce(a.data, '{}'), coalesce(r.data, '{}')";
    private static final String ABOVE = "INSERT INTO last_sequence VALUES (?, ?, ?) ON CONFLICT (topic, matter) DO UPDATE "
            + "SET sequence = excluded.sequence WHERE excluded.sequence > last_sequence.sequence";

    /** How many events had an effect, came again, came late. */
    record Taken(int fresh, int repeated, int late) {}

    /** Something to tell the department's own system: content, offer, reminder or recall. */
    record ToDo(String kind, String eventId, Case held) {}

    /** An answer that waits to be sent; its data are the same whenever it is sent. */
    record Said(String id, String type, String assignment, String matter, String data, String madeAt) {}

    private final Connection db;

    State(Path file) {
        SQLiteConfig config = new SQLiteConfig();
        config.setJournalMode(SQLiteConfig.JournalMode.WAL);
        config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
        config.setTransactionMode(SQLiteConfig.TransactionMode.IMMEDIATE);
        config.setBusyTimeout(BUSY_MILLISECONDS);
        try (InputStream schema = State.class.getResourceAsStream("/schema.sql")) {
            db = config.createConnection("jdbc:sqlite:" + file);
            // What is deleted is overwritten: a recalled letter is nowhere in the file.
            execute("PRAGMA secure_delete = ON");
            for (String statement : new String(schema.readAllBytes(), StandardCharsets.UTF_8).replaceAll("--.*", "").split(";")) {
                if (!statement.isBlank()) {
                    execute(statement);
                }
            }
        } catch (SQLException | IOException error) {
            throw new Fault.ForPerson("打不开数据库 " + file, "cannot open the database " + file);
        }
    }

    /** Whether no event was ever taken: it must be read from the start, wherever its group stopped. */
    boolean isNew() throws SQLException {
        return rows("SELECT 1 FROM taken LIMIT 1", row -> row.getInt(1)).isEmpty();
    }

    /** Takes a batch in one transaction, in its order. */
    Taken take(List<Event> events, String now) throws SQLException {
        int[] counts = new int[3];
        transaction(() -> {
            for (Event event : events) {
                counts[takeOne(event, now)]++;
            }
        });
        if (events.stream().anyMatch(event -> TAKING_BACK.contains(event.type()))) {
            // What was deleted leaves the write-ahead log too.
            execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        return new Taken(counts[0], counts[1], counts[2]);
    }

    private int takeOne(Event event, String now) throws SQLException {
        if (change("INSERT OR IGNORE INTO taken VALUES (?, ?)", event.source(), event.id()) == 0) {
            return 1;
        }
        if (change(ABOVE, event.topic(), event.matter(), event.sequence()) == 0) {
            return 2;
        }
        switch (event.type()) {
            case "assigned", "updated", "offered" -> put(event, now);
            case "recall", "offer-closed" -> recall(event, now);
            case "reminder" -> remind(event);
            default -> { } // A type of a later version: remembered, and without effect.
        }
        return 0;
    }

    private void put(Event event, String now) throws SQLException {
        boolean offered = event.type().equals("offered");
        String before = stateOf(event.assignment());
        String state = offered ? offeredAfter(before) : stateAfter(before, event.data().path("change").asText(""));
        change(
                "INSERT OR REPLACE INTO assignment (assignment, matter, state, due, data, changed_at) VALUES (?, ?, ?, ?, ?, ?)",
                event.assignment(),
                event.matter(),
                state,
                event.data().path("deadline").path("due").asText(null),
                Json.text(event.data()),
                now);
        mustTell(event, offered ? "offer" : "content");
    }

    /** Offered again, changed: what was claimed stays so until its assignment or its end comes. */
    private static String offeredAfter(String state) {
        return state.equals("claimed") ? "claimed" : "offered";
    }

    /** Whole content came again. A completed part is open again by a revision, a decision or the office, not by the others: what
     * was completed while letters were joined or split off is completed, and only the office asks for it anew. */
    private static String stateAfter(String state, String change) {
        boolean opens = state.isEmpty() || GONE.contains(state) || change.equals("reopened");
        boolean stays = Set.of("deadline", "similar", "joined", "split").contains(change);
        return opens || state.equals("completed") && !stays ? "received" : state;
    }

    /** Deletes every copy, what was said and what was still to be said; that it was taken back is remembered. */
    private void recall(Event event, String now) throws SQLException {
        for (String table : List.of("to_do", "outbox", "reminder")) {
            change("DELETE FROM " + table + " WHERE assignment = ?", event.assignment());
        }
        change(
                "INSERT OR REPLACE INTO assignment (assignment, matter, state, due, data, changed_at) "
                        + "VALUES (?, ?, ?, NULL, NULL, ?)",
                event.assignment(),
                event.matter(),
                event.type().equals("recall") ? "recalled" : "closed",
                now);
        mustTell(event, "recall");
    }

    /** Kept also where its assignment has not come yet: the two come on different topics. */
    private void remind(Event event) throws SQLException {
        if (GONE.contains(stateOf(event.assignment()))) {
            return;
        }
        int level = event.data().path("level").asInt(1);
        String statement = "INSERT OR REPLACE INTO reminder (assignment, level, data) VALUES (?, ?, ?)";
        change(statement, event.assignment(), level, Json.text(event.data()));
        mustTell(event, "reminder");
    }

    /** The newest of its kind replaces one that was not told yet. */
    private void mustTell(Event event, String kind) throws SQLException {
        change("INSERT OR REPLACE INTO to_do (assignment, kind, event_id) VALUES (?, ?, ?)", event.assignment(), kind, event.id());
    }

    /** The oldest first; a reminder waits for its assignment. */
    List<ToDo> toDo(int limit) throws SQLException {
        String query = "SELECT " + CASE + ", t.kind, t.event_id FROM to_do t JOIN assignment a USING (assignment) "
                + "LEFT JOIN reminder r USING (assignment) ORDER BY t.place LIMIT ?";
        return rows(query, row -> new ToDo(row.getString(7), row.getString(8), held(row)), limit);
    }

    /** The own system knows; its answers become events, whose ids come from the event they answer. */
    void told(ToDo done, List<Answer> answers, String now) throws SQLException {
        transaction(() -> {
            String statement = "DELETE FROM to_do WHERE assignment = ? AND kind = ? AND event_id = ?";
            if (change(statement, done.held().assignment(), done.kind(), done.eventId()) == 0) {
                return; // Something newer came meanwhile, and is told next.
            }
            for (Answer answer : answers) {
                sayNow(done.held().assignment(), answer, done.eventId() + ":" + answer.type(), now);
            }
        });
    }

    /** An answer of a person. Throws ForPerson when there is no such assignment or its state does not allow it. */
    void say(String assignment, Answer answer, String eventId, String now) throws SQLException {
        transaction(() -> sayNow(assignment, answer, eventId, now));
    }

    private void sayNow(String assignment, Answer answer, String eventId, String now) throws SQLException {
        Case held = held(assignment);
        if (!MAY_FOLLOW.get(answer.type()).contains(held.state())) {
            String chinese = assignment + " 已是 " + held.state() + "，不能 " + answer.type();
            throw new Fault.ForPerson(chinese, assignment + " is " + held.state() + ": no " + answer.type());
        }
        ObjectNode data = Json.object().put(answer.type().equals("claim") ? "matter" : "assignment", assignment).setAll(answer.said());
        data.put("at", now);
        change(
                "INSERT INTO outbox (id, type, assignment, matter, data, made_at) VALUES (?, ?, ?, ?, ?, ?)",
                eventId,
                answer.type(),
                assignment,
                held.matter(),
                Json.text(data),
                now);
        String becomes = BECOMES.getOrDefault(answer.type(), held.state());
        change("UPDATE assignment SET state = ?, changed_at = ? WHERE assignment = ?", becomes, now, assignment);
    }

    List<Said> toSend(int limit) throws SQLException {
        return rows(
                "SELECT id, type, assignment, matter, data, made_at FROM outbox WHERE sent_at IS NULL ORDER BY place LIMIT ?",
                row -> new Said(
                        row.getString(1), row.getString(2), row.getString(3), row.getString(4), row.getString(5), row.getString(6)),
                limit);
    }

    void sent(List<String> ids, String now) throws SQLException {
        transaction(() -> {
            for (String id : ids) {
                change("UPDATE outbox SET sent_at = ? WHERE id = ?", now, id);
            }
        });
    }

    /** What the unit holds, by deadline, without what was taken back; with a state only what is in it. */
    List<Case> cases(String state) throws SQLException {
        String query = "SELECT " + CASE + " FROM assignment a LEFT JOIN reminder r USING (assignment) "
                + "WHERE a.state = ? OR (? = '' AND a.state NOT IN ('recalled', 'closed')) ORDER BY a.due, a.assignment";
        return rows(query, State::held, state, state);
    }

    /** Throws ForPerson when there is none. */
    Case held(String assignment) throws SQLException {
        String query = "SELECT " + CASE + " FROM assignment a LEFT JOIN reminder r USING (assignment) WHERE a.assignment = ?";
        List<Case> found = rows(query, State::held, assignment);
        if (found.isEmpty()) {
            throw new Fault.ForPerson("没有这个交办：" + assignment, "no such assignment: " + assignment);
        }
        return found.get(0);
    }

    private String stateOf(String assignment) throws SQLException {
        List<String> found = rows("SELECT state FROM assignment WHERE assignment = ?", row -> row.getString(1), assignment);
        return found.isEmpty() ? "" : found.get(0);
    }

    private static Case held(ResultSet row) throws SQLException {
        return new Case(
                row.getString(1),
                row.getString(2),
                row.getString(3),
                row.getString(4),
                Json.own(row.getString(5)),
                Json.own(row.getString(6)));
    }

    @Override
    public void close() throws SQLException {
        db.close();
    }

    private interface Work {
        void run() throws SQLException;
    }

    private interface Reading<T> {
        T of(ResultSet row) throws SQLException;
    }

    private void transaction(Work work) throws SQLException {
        db.setAutoCommit(false);
        try {
            work.run();
            db.commit();
        } catch (SQLException | RuntimeException error) {
            db.rollback();
            throw error;
        } finally {
            db.setAutoCommit(true);
        }
    }

    private void execute(String statement) throws SQLException {
        try (Statement made = db.createStatement()) {
            made.execute(statement);
        }
    }

    private int change(String statement, Object... values) throws SQLException {
        try (PreparedStatement prepared = prepared(statement, values)) {
            return prepared.executeUpdate();
        }
    }

    private <T> List<T> rows(String query, Reading<T> reading, Object... values) throws SQLException {
        List<T> found = new ArrayList<>();
        try (PreparedStatement prepared = prepared(query, values);
                ResultSet row = prepared.executeQuery()) {
            while (row.next()) {
                found.add(reading.of(row));
            }
        }
        return found;
    }

    private PreparedStatement prepared(String statement, Object... values) throws SQLException {
        PreparedStatement prepared = db.prepareStatement(statement);
        for (int place = 0; place < values.length; place++) {
            prepared.setObject(place + 1, values[place]);
        }
        return prepared;
    }
}
