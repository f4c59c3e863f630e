package fenban.handler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The rules of consuming, held by the handler's database: repeats, late events, whole content again, recalls. */
class StateTest {
    private static final String NOW = "2026-09-01T09:00:00+08:00";
    private static final String MATTER = "20260901-portal-000017";
    private static final String ASSIGNMENT = MATTER + ".water.1";
    private static final String UNIT = "fenban.unit.water";
    private static final String NOTICE = "fenban.notice.water";

    @TempDir
    Path folder;

    private State state;

    @BeforeEach
    void open() {
        state = new State(folder.resolve("handler.db"));
    }

    @AfterEach
    void close() throws Exception {
        state.close();
    }

    private static Event event(String type, int sequence, String... fields) {
        return event(UNIT, ASSIGNMENT, type, sequence, fields);
    }

    private static Event event(String topic, String assignment, String type, int sequence, String... fields) {
        ObjectNode data = Json.object().put("assignment", assignment).put("matter", MATTER);
        data.putObject("deadline").put("due", "2026-09-08T23:59:59+08:00");
        for (int place = 0; place < fields.length; place += 2) {
            data.put(fields[place], fields[place + 1]);
        }
        String id = assignment + ":" + type + ":" + sequence;
        return new Event(topic, "/fenban/yunze", id, type, MATTER, String.format("%020d", sequence), data);
    }

    private String held() throws Exception {
        return String.join(" ", state.cases("").stream().map(one -> one.state() + one.data().path("subject").asText()).toList());
    }

    private Handler handler(Rules rules) {
        return new Handler(state, rules, () -> null, () -> 0);
    }

    @Test
    void anEventHasItsEffectOnce() throws Exception {
        Event first = event("assigned", 1, "subject", "没水");
        assertEquals(new State.Taken(1, 1, 0), state.take(List.of(first, first), NOW));
        assertEquals(new State.Taken(0, 1, 0), state.take(List.of(first), NOW));
        assertEquals("received没水", held());
    }

    @Test
    void theSameIdOfAnotherSourceIsAnotherEvent() throws Exception {
        Event one = event("assigned", 1);
        Event other = new Event(UNIT, "/fenban/elsewhere", one.id(), one.type(), "20260901-portal-000018", one.sequence(), one.data());
        assertEquals(new State.Taken(2, 0, 0), state.take(List.of(one, other), NOW));
    }

    @Test
    void aLateEventOfTheSameTopicAndMatterIsDropped() throws Exception {
        state.take(List.of(event("updated", 5, "subject", "新")), NOW);
        assertEquals(new State.Taken(0, 0, 2), state.take(List.of(event("assigned", 4, "subject", "旧"), event("recall", 5)), NOW));
        assertEquals("received新", held());
    }

    @Test
    void eachTopicHasAnOrderOfItsOwnAndSequencesAreNumbers() throws Exception {
        state.take(List.of(event(NOTICE, ASSIGNMENT, "reminder", 99)), NOW);
        List<Event> events = List.of(event("assigned", 9), event("updated", 10, "subject", "十"));
        assertEquals(new State.Taken(2, 0, 0), state.take(events, NOW));
        assertEquals("received十", held());
    }

    @Test
    void aRecallDeletesEveryCopyAndWhatWasSaidAndWasToBeSaid() throws Exception {
        Event reminder = event(NOTICE, ASSIGNMENT, "reminder", 2, "reason", "消防通道");
        state.take(List.of(event("assigned", 1, "subject", "消防通道"), reminder), NOW);
        state.say(ASSIGNMENT, Answer.complete("消防通道已疏通"), "water:1", NOW);
        state.take(List.of(event("recall", 3)), NOW);
        assertEquals("", held());
        assertEquals("recalled", state.held(ASSIGNMENT).state());
        assertTrue(state.toSend(9).isEmpty());
        assertFalse(filesHold("消防通道"));
        state.take(List.of(event(NOTICE, ASSIGNMENT, "reminder", 4, "reason", "消防通道")), NOW);
        assertTrue(state.held(ASSIGNMENT).reminder().isEmpty());
    }

    private boolean filesHold(String text) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                String whole = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
                if (whole.contains(new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1))) {
                    return true;
                }
            }
        }
        return false;
    }

    @Test
    void wholeContentAgainReplacesAndKeepsTheStateUnlessItReopens() throws Exception {
        state.take(List.of(event("assigned", 1)), NOW);
        state.say(ASSIGNMENT, Answer.sign(), "water:1", NOW);
        state.take(List.of(event("updated", 2, "change", "revision", "subject", "二")), NOW);
        assertEquals("signed二", held());
        state.say(ASSIGNMENT, Answer.complete("办好了"), "water:2", NOW);
        state.take(List.of(event("updated", 3, "change", "deadline", "subject", "三")), NOW);
        assertEquals("completed三", held());
        state.take(List.of(event("updated", 4, "change", "similar", "subject", "三")), NOW);
        assertEquals("completed三", held());
        state.take(List.of(event("updated", 5, "change", "reopened", "subject", "四")), NOW);
        assertEquals("received四", held());
    }

    /** fenban takes the completion although it told of the letters before: a part open here alone would be answered in vain. */
    @Test
    void whatWasCompletedWhileLettersWereJoinedOrSplitOffStaysCompleted() throws Exception {
        state.take(List.of(event("assigned", 1)), NOW);
        state.say(ASSIGNMENT, Answer.complete("办好了"), "water:1", NOW);
        state.take(List.of(event("updated", 2, "change", "joined", "subject", "二")), NOW);
        assertEquals("completed二", held());
        state.take(List.of(event("updated", 3, "change", "split", "subject", "三")), NOW);
        assertEquals("completed三", held());
        state.take(List.of(event("updated", 4, "change", "reopened", "subject", "四")), NOW);
        assertEquals("received四", held());
    }

    @Test
    void aReminderMayComeBeforeItsAssignment() throws Exception {
        state.take(List.of(event(NOTICE, ASSIGNMENT, "reminder", 2, "reason", "临近")), NOW);
        assertTrue(state.toDo(9).isEmpty());
        state.take(List.of(event("assigned", 1)), NOW);
        assertEquals(List.of("reminder", "content"), state.toDo(9).stream().map(State.ToDo::kind).toList());
    }

    @Test
    void whatThePoolOffersIsClaimedOnceAndForgottenWhenItIsClosed() throws Exception {
        state.take(List.of(offer("offered", 1)), NOW);
        assertEquals("offered", held());
        state.told(state.toDo(9).get(0), List.of(Answer.claim()), NOW);
        state.take(List.of(offer("offered", 2)), NOW);
        assertEquals("claimed", held());
        State.Said said = state.toSend(9).get(0);
        assertEquals("{\"matter\":\"" + MATTER + "\",\"at\":\"" + NOW + "\"}", said.data());
        state.take(List.of(offer("offer-closed", 3), event("assigned", 4)), NOW);
        assertEquals("received", held());
        assertEquals("closed", state.held(MATTER).state());
        assertThrows(Fault.ForPerson.class, () -> state.say(MATTER, Answer.claim(), "water:1", NOW));
    }

    private static Event offer(String type, int sequence) {
        String id = MATTER + ":" + type + ":" + sequence;
        return new Event("fenban.pool", "/fenban/yunze", id, type, MATTER, String.format("%020d", sequence), Json.object());
    }

    @Test
    void aTypeOfALaterVersionHasNoEffectAndStopsNothing() throws Exception {
        assertEquals(new State.Taken(2, 0, 0), state.take(List.of(event("praised", 1), event("assigned", 2)), NOW));
        assertEquals("received", held());
    }

    @Test
    void anyOrderWithRepeatsEndsAlike() throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random chance = new Random(seed);
        for (int round = 0; round < 20; round++) {
            List<Event> log = new ArrayList<>(List.of(event("assigned", 1)));
            IntStream.range(2, 8).forEach(number -> log.add(event("updated", number, "change", "revision", "subject", "" + number)));
            List<Event> came = new ArrayList<>();
            for (int place = 0; place < 41; place++) {
                came.add(place == 30 ? log.get(log.size() - 1) : log.get(chance.nextInt(log.size())));
            }
            try (State other = new State(folder.resolve(round + ".db"))) {
                while (!came.isEmpty()) {
                    List<Event> batch = came.subList(0, Math.min(came.size(), 1 + chance.nextInt(5)));
                    other.take(batch, NOW);
                    batch.clear();
                }
                assertEquals("7", other.held(ASSIGNMENT).data().path("subject").asText(), "seed " + seed);
            }
        }
    }

    @Test
    void theRulesAnswerHasOneIdHoweverOftenItIsAskedFor() throws Exception {
        state.take(List.of(event("assigned", 1)), NOW);
        State.ToDo one = state.toDo(9).get(0);
        state.told(one, List.of(Answer.sign()), NOW);
        state.told(one, List.of(Answer.sign()), NOW);
        List<State.Said> said = state.toSend(9);
        assertEquals(List.of(ASSIGNMENT + ":assigned:1:sign"), said.stream().map(State.Said::id).toList());
        assertEquals("{\"assignment\":\"" + ASSIGNMENT + "\",\"at\":\"" + NOW + "\"}", said.get(0).data());
        state.sent(List.of(said.get(0).id()), NOW);
        assertTrue(state.toSend(9).isEmpty());
    }

    @Test
    void newsThatCameWhileTheOwnSystemWasToldIsToldNext() throws Exception {
        state.take(List.of(event("assigned", 1)), NOW);
        State.ToDo one = state.toDo(9).get(0);
        state.take(List.of(event("updated", 2, "change", "revision")), NOW);
        state.told(one, List.of(Answer.sign()), NOW);
        assertEquals(List.of(ASSIGNMENT + ":updated:2"), state.toDo(9).stream().map(State.ToDo::eventId).toList());
        assertTrue(state.toSend(9).isEmpty());
    }

    @Test
    void anOwnSystemThatIsAwayIsToldLaterAndHoldsUpNoOther() throws Exception {
        String other = MATTER + ".water.2";
        state.take(List.of(event("assigned", 1), event(UNIT, other, "assigned", 2)), NOW);
        OwnRules well = new OwnRules();
        handler(new Rules() {
            @Override
            public List<Answer> content(Case held, String eventId) throws IOException {
                if (held.assignment().equals(ASSIGNMENT)) {
                    throw new IOException("away");
                }
                return well.content(held, eventId);
            }

            @Override
            public List<Answer> reminder(Case held, String eventId) {
                return List.of();
            }

            @Override
            public void recall(String assignment, String eventId) {}
        }).tell();
        assertEquals(List.of(other), state.toSend(9).stream().map(State.Said::assignment).toList());
        handler(well).tell();
        assertEquals(List.of(other, ASSIGNMENT), state.toSend(9).stream().map(State.Said::assignment).toList());
        assertTrue(state.toDo(9).isEmpty());
    }

    @Test
    void answersThatTheStateDoesNotAllowAreRefused() throws Exception {
        assertThrows(Fault.ForPerson.class, () -> state.say(ASSIGNMENT, Answer.sign(), "water:0", NOW));
        state.take(List.of(event("assigned", 1)), NOW);
        state.say(ASSIGNMENT, Answer.sign(), "water:1", NOW);
        assertThrows(Fault.ForPerson.class, () -> state.say(ASSIGNMENT, Answer.sign(), "water:2", NOW));
        state.say(ASSIGNMENT, Answer.giveBack("不是我们的", "housing"), "water:3", NOW);
        for (Answer answer : List.of(Answer.complete("好"), Answer.extend("等", 3), Answer.giveBack("不是", ""))) {
            assertThrows(Fault.ForPerson.class, () -> state.say(ASSIGNMENT, answer, "water:4", NOW));
        }
        assertEquals(2, state.toSend(9).size());
    }

    @Test
    void answersHoldTheContractsBounds() {
        assertThrows(Fault.ForPerson.class, () -> Answer.giveBack(" ", ""));
        assertThrows(Fault.ForPerson.class, () -> Answer.giveBack("理".repeat(2001), ""));
        assertThrows(Fault.ForPerson.class, () -> Answer.complete(""));
        assertThrows(Fault.ForPerson.class, () -> Answer.complete("答".repeat(20_001)));
        assertThrows(Fault.ForPerson.class, () -> Answer.complete(Map.of("调查情况", " ")));
        assertThrows(Fault.ForPerson.class, () -> Answer.extend("等配件", 0));
        assertThrows(Fault.ForPerson.class, () -> Answer.extend("等配件", 366));
        assertEquals("{\"reply\":{\"调查情况\":\"查了\"}}", Json.text(Answer.complete(Map.of("调查情况", "查了", "处理意见", "")).said()));
    }

    @Test
    void recordsThatAreNoEventsAreToldApart() {
        Map<String, byte[]> headers = new HashMap<>();
        Map.of("id", "1", "source", "/f", "type", "recall", "subject", "m").forEach((name, text) -> headers.put("ce_" + name, bytes(text)));
        byte[] value = bytes("{\"assignment\": \"a\"}");
        assertThrows(Fault.Unreadable.class, () -> Event.read(UNIT, headers, value));
        headers.put("ce_sequence", bytes(String.format("%020d", 7)));
        headers.put("ce_new", null);
        assertEquals("a", Event.read(UNIT, headers, value).assignment());
        for (String wrong : List.of("{", "[]", "{}", "")) {
            assertThrows(Fault.Unreadable.class, () -> Event.read(UNIT, headers, bytes(wrong)));
        }
        assertThrows(Fault.Unreadable.class, () -> Event.read(UNIT, headers, null));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
