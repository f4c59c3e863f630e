package fenban.handler;

import java.util.List;

/**
 * The place where the department's own system (OA, hotline, case system) is called.
 *
 * <p>Each method may be called again with the same event id, after a crash: let your system keep that id and answer alike. An
 * exception means "later": the same is called again, and the other assignments go on. What is returned is said to fenban; nothing
 * has to be returned: people may answer by the command line, or your system by calling it.
 */
public interface Rules {
    /** A new assignment, or the whole of a known one again. Its data hold the fields of assigned.json. */
    List<Answer> content(Case held, String eventId) throws Exception;

    /** A matter of the pool, open to all units: claim it if it is yours. Its data hold the fields of offered.json. */
    default List<Answer> offer(Case held, String eventId) throws Exception {
        return List.of();
    }

    /** 催办, 督办: the reminder holds the fields of reminder.json. */
    List<Answer> reminder(Case held, String eventId) throws Exception;

    /** Taken back, or no longer offered: your system deletes its copies and stops. */
    void recall(String assignment, String eventId) throws Exception;
}
