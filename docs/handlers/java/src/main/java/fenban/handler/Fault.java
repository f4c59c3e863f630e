package fenban.handler;

/** What can go wrong, by what is to be done about it. Each is one line in both languages and quotes no letter. */
public abstract class Fault extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private Fault(String chinese, String english) {
        super(chinese + " / " + english, null, false, false);
    }

    /** It stays so until a person mends it: a password, a permission, a setting, an answer that is not allowed. */
    public static final class ForPerson extends Fault {
        private static final long serialVersionUID = 1L;

        public ForPerson(String chinese, String english) {
            super(chinese, english);
        }
    }

    /** It may be over soon: no broker answers. */
    public static final class Passing extends Fault {
        private static final long serialVersionUID = 1L;

        public Passing(String chinese, String english) {
            super(chinese, english);
        }
    }

    /** A record that is no event of the contract. It is passed over. */
    public static final class Unreadable extends Fault {
        private static final long serialVersionUID = 1L;

        public Unreadable(String chinese, String english) {
            super(chinese, english);
        }
    }
}
