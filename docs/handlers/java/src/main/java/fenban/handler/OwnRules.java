package fenban.handler;

import java.util.List;

/** This file is yours to change: it signs what your system has taken in. */
final class OwnRules implements Rules {
    @Override
    public List<Answer> content(Case held, String eventId) {
        // yourSystem.put(held.assignment(), held.data(), eventId);
        return held.state().equals("received") ? List.of(Answer.sign()) : List.of();
    }

    @Override
    public List<Answer> reminder(Case held, String eventId) {
        // yourSystem.press(held.assignment(), held.reminder().path("reason").asText(), eventId);
        return List.of();
    }

    @Override
    public void recall(String assignment, String eventId) {
        // yourSystem.delete(assignment, eventId);
    }
}
