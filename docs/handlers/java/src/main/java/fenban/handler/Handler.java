package fenban.handler;

import java.sql.SQLException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** The handler's work, round after round, until it is told to stop. */
final class Handler {
    private static final long AGAIN_SECONDS = 5;
    /** After so many rounds without an event (half a minute) the broker is asked whether the user may still read. */
    private static final int QUIET_ROUNDS = 60;
    private static final int LAST_ROUNDS = 6;
    private static final int BATCH = 500;

    private final State state;
    private final Rules rules;
    private final Supplier<Broker> makeBroker;
    private final LongSupplier nanoseconds;
    private final CountDownLatch stop = new CountDownLatch(1);
    private volatile Broker current;
    private long tellAgain;

    Handler(State state, Rules rules, Supplier<Broker> makeBroker, LongSupplier nanoseconds) {
        this.state = state;
        this.rules = rules;
        this.makeBroker = makeBroker;
        this.nanoseconds = nanoseconds;
        this.tellAgain = nanoseconds.getAsLong();
    }

    /** From another thread: ends after the round that is being done. */
    void stop() {
        stop.countDown();
        Broker broker = current;
        if (broker != null) {
            broker.wake();
        }
    }

    /** Until it is stopped. While no broker answers it waits, saying so once; throws ForPerson. */
    void run() throws SQLException, InterruptedException {
        boolean silent = false;
        while (!stopped()) {
            try (Broker broker = makeBroker.get()) {
                broker.connect(state.isNew());
                current = broker;
                Log.info("connected");
                silent = false;
                for (int quiet = 0; !stopped(); quiet = round(broker) ? 0 : quiet + 1) {
                    if (quiet > 0 && quiet % QUIET_ROUNDS == 0) {
                        broker.check();
                    }
                }
            } catch (Fault.Passing error) {
                if (!silent) {
                    Log.warning("waiting: " + error.getMessage());
                }
                silent = true;
                stop.await(AGAIN_SECONDS, TimeUnit.SECONDS);
            } finally {
                current = null;
            }
        }
    }

    /** Takes what is there and sends what waits. Throws ForPerson and Passing. */
    void once() throws SQLException {
        try (Broker broker = makeBroker.get()) {
            broker.connect(state.isNew());
            for (int quiet = 0; quiet < LAST_ROUNDS && !stopped(); ) {
                quiet = round(broker) ? 0 : quiet + 1;
            }
        }
    }

    private boolean stopped() {
        return stop.getCount() == 0;
    }

    /** Takes, tells, sends. The place in the topics is kept after the database has everything. */
    private boolean round(Broker broker) throws SQLException {
        Broker.Polled polled = broker.poll();
        boolean came = !polled.events().isEmpty() || polled.unreadable() > 0;
        if (!polled.events().isEmpty()) {
            State.Taken taken = state.take(polled.events(), Log.now());
            Log.info("new=" + taken.fresh() + " repeated=" + taken.repeated() + " late=" + taken.late());
        }
        if (came) {
            broker.commit();
        }
        tell();
        send(broker);
        return came;
    }

    /** Tells the own system, each assignment's news in their order. What it cannot take now is told again later. */
    void tell() throws SQLException {
        if (nanoseconds.getAsLong() - tellAgain < 0) {
            return;
        }
        Set<String> failed = new HashSet<>();
        for (State.ToDo one : state.toDo(BATCH)) {
            String assignment = one.held().assignment();
            if (failed.contains(assignment)) {
                continue;
            }
            try {
                state.told(one, ask(one), Log.now());
            } catch (Fault.ForPerson error) {
                Log.warning("an answer of the rules is not allowed: " + error.getMessage());
                state.told(one, List.of(), Log.now());
            } catch (SQLException error) {
                throw error;
            } catch (Exception error) {
                failed.add(assignment);
                String what = one.kind() + " of " + assignment + " now (" + error.getClass().getSimpleName() + ")";
                Log.warning("the own system cannot take " + what);
            }
        }
        if (!failed.isEmpty()) {
            tellAgain = nanoseconds.getAsLong() + Duration.ofSeconds(AGAIN_SECONDS).toNanos();
        }
    }

    private List<Answer> ask(State.ToDo one) throws Exception {
        switch (one.kind()) {
            case "content":
                return rules.content(one.held(), one.eventId());
            case "offer":
                return rules.offer(one.held(), one.eventId());
            case "reminder":
                return rules.reminder(one.held(), one.eventId());
            default:
                rules.recall(one.held().assignment(), one.eventId());
                return List.of();
        }
    }

    private void send(Broker broker) throws SQLException {
        List<State.Said> waiting = state.toSend(BATCH);
        if (!waiting.isEmpty()) {
            List<String> sent = broker.send(waiting);
            state.sent(sent, Log.now());
            Log.info("said=" + sent.size());
        }
    }
}
