;;; onbehalf-tests.el --- The package against the real sidecar  -*- lexical-binding: t; -*-

;;; Commentary:

;; Run by test_emacs.py, which starts the sandbox and says in the environment where it is.

;;; Code:

(require 'cl-lib)
(require 'ert)
(require 'json)
(require 'url)
(require 'onbehalf)
(require 'onbehalf-diagnose)

(setq onbehalf-command (cons (getenv "ONBEHALF_BIN")
                             (append (json-parse-string (getenv "SIDECAR_ARGUMENTS")) nil))
      onbehalf-profile "dev5"
      onbehalf-subject "curtis.feitty")

;;; Help

(defun tests-sandbox (method path &optional body)
  "Send BODY with METHOD to PATH of the sandbox and return its answer."
  (let* ((url-request-method method)
         (url-request-extra-headers '(("Content-Type" . "application/json")))
         (url-request-data (and body (encode-coding-string (json-serialize body) 'utf-8)))
         (url-show-status nil)
         (answer (url-retrieve-synchronously (concat (getenv "SANDBOX_ADMIN") path) t t 30)))
    (with-current-buffer answer
      (goto-char (point-min))
      (unless (looking-at "HTTP/1.1 2") (error "The sandbox refused: %s" (buffer-string)))
      (search-forward "\n\n")
      (prog1 (and (equal method "GET") (json-parse-buffer :object-type 'plist)) (kill-buffer)))))

(defun tests-agent (&rest members)
  "Change MEMBERS of the agent that is asked."
  (tests-sandbox "PATCH" "/agents/PAYABLES_TEAM" members))

(defun tests-hold-stream (events &optional streams)
  "Let the next STREAMS, by default one, stop after EVENTS."
  (tests-sandbox "POST" "/faults" `(:side "pod" :kind "stream" :afterEvents ,events :then "stall"
                                    :times ,(or streams 1))))

(defun tests-held (member &optional requests)
  "Return when so many REQUESTS, by default one, are MEMBER: held or left."
  (tests-sandbox "POST" "/faults/await" `(:matched 1 ,member ,(or requests 1) :seconds 10)))

(defun tests-until (condition)
  "Take what comes until the function CONDITION is true, and return its value."
  (let ((end (+ (float-time) 30)) value)
    (while (not (setq value (funcall condition)))
      (when (> (float-time) end) (error "It did not come: %S" condition))
      (accept-process-output nil 0.05))
    value))

(defun tests-text (buffer)
  "Return the text of BUFFER."
  (with-current-buffer buffer (buffer-substring-no-properties (point-min) (point-max))))

(defun tests-state (buffer state)
  "Take what comes until the run of BUFFER is in STATE, and return its text."
  (tests-until (lambda () (eq (buffer-local-value 'onbehalf--state buffer) state)))
  (tests-text buffer))

(defun tests-seen (buffer text)
  "Take what comes until TEXT is in BUFFER."
  (tests-until (lambda () (string-search text (tests-text buffer)))))

(defun tests-rows (action)
  "Return the rows of the sandbox's audit that tell of ACTION."
  (append (tests-sandbox "GET" (concat "/audit?action=" action)) nil))

(defun tests-ask ()
  "Ask, and return the buffer."
  (onbehalf-ask "PAYABLES_TEAM" "Which invoices are on hold?"))

(defmacro tests-typing (keys &rest body)
  "Evaluate BODY with a person who answers each prompt by one of KEYS."
  (declare (indent 1))
  `(let ((answers ,keys) (prompts nil))
     (cl-letf (((symbol-function 'read-from-minibuffer)
                (lambda (prompt &optional initial _keymap _read _history default &rest _)
                  (should-not initial)
                  (should-not default)
                  (push prompt prompts)
                  (or (pop answers) (throw 'quit 'left)))))
       ,@body)
     (nreverse prompts)))

;;; Asking

(ert-deftest onbehalf-an-agent-answers-as-the-user ()
  (tests-agent :states ["COMPLETE"] :deltas ["Two invoices, " "as {displayName} sees.\n"])
  (let ((buffer (tests-ask)))
    (should (string-search "> Which invoices are on hold?\n\nTwo invoices, as" (tests-state buffer 'complete)))
    (should (equal (buffer-local-value 'mode-line-process buffer) ":done"))
    (should (equal (mapcar (lambda (row) (plist-get row :actor)) (tests-rows "agent.chat")) '("curtis.feitty")))))

(ert-deftest onbehalf-text-grows-while-the-agent-speaks ()
  (tests-agent :states ["COMPLETE"] :deltas ["Zürich, " "Genève 😀" " and Bern."])
  (tests-hold-stream 3)
  (let ((buffer (tests-ask)))
    (tests-seen buffer "Zürich, Genève 😀")
    (tests-held :held)
    (should (eq (buffer-local-value 'onbehalf--state buffer) 'running))
    (should (equal (buffer-local-value 'mode-line-process buffer) ":ANSWER"))
    (should-not (string-search "Bern" (tests-text buffer)))
    (tests-sandbox "POST" "/faults/release" (make-hash-table))
    (should (string-suffix-p "\n\nZürich, Genève 😀 and Bern.\n" (tests-state buffer 'complete)))))

(ert-deftest onbehalf-the-conversation-goes-on ()
  (tests-agent :states ["COMPLETE"] :answer "Turn {turn}.")
  (with-current-buffer (tests-ask)
    (should-error (onbehalf-say "Too early") :type 'user-error)
    (tests-state (current-buffer) 'complete)
    (onbehalf-say "And now?")
    (should (string-search "Turn 1.\n\n> And now?\n\nTurn 2.\n" (tests-state (current-buffer) 'complete)))))

(ert-deftest onbehalf-a-person-chooses-among-their-agents ()
  (tests-agent :states ["COMPLETE"] :answer "Done." :name "Payables %s \u202e")
  (let (offered)
    (cl-letf (((symbol-function 'completing-read)
               (lambda (_prompt agents &rest _)
                 (let ((annotate (plist-get completion-extra-properties :annotation-function)))
                   (setq offered (mapcar (lambda (code) (cons code (funcall annotate code)))
                                         (all-completions "" agents))))
                 "PAYABLES_TEAM")))
      (with-temp-buffer
        (insert "The region, whole.")
        (set-mark (point-min))
        (let ((transient-mark-mode t) (mark-active t))
          (call-interactively #'onbehalf-ask))))
    (should (member '("PAYABLES_TEAM" . "  Payables %s") offered))
    (should-not (assoc "DRAFT_TEAM" offered))
    (should (string-search "> The region, whole.\n\nDone." (tests-state (get-buffer "*onbehalf PAYABLES_TEAM*")
                                                                       'complete)))))

(ert-deftest onbehalf-without-a-list-an-agent-can-still-be-named ()
  (tests-sandbox "POST" "/faults" '(:side "pod" :kind "respond" :status 404 :times :null :path "*search*"))
  (should-not (onbehalf--agents '(:profile "dev5" :subject "curtis.feitty"))))

;;; Leaving

(ert-deftest onbehalf-what-is-cancelled-ends ()
  (tests-hold-stream 2)
  (let ((buffer (tests-ask)))
    (tests-held :held)
    (with-current-buffer buffer
      (should (eq (key-binding (kbd "C-c C-k")) #'onbehalf-cancel))
      (call-interactively #'onbehalf-cancel))
    (should (string-search "The run may go on at the pod, as job " (tests-state buffer 'cancelled)))
    (tests-held :left)
    (with-current-buffer buffer (should-error (onbehalf-cancel) :type 'user-error))))

(ert-deftest onbehalf-a-buffer-that-is-killed-leaves-its-run ()
  (tests-hold-stream 2)
  (let ((buffer (tests-ask)))
    (tests-held :held)
    (kill-buffer buffer)
    (tests-held :left)))

(ert-deftest onbehalf-quitting-a-wait-cancels-the-call ()
  (tests-sandbox "POST" "/faults" '(:side "pod" :kind "hang" :path "*"))
  (let ((timer (run-with-timer 0.05 0.05 (lambda () (ignore-errors (tests-held :held)) (throw 'quit 'left)))))
    (should (eq 'left (catch 'quit (onbehalf--wait 'listAgents '(:profile "dev5" :subject "curtis.feitty")))))
    (cancel-timer timer))
  (tests-held :left))

;;; A person decides

(defconst tests-approval
  '(:states ["COMPLETE"] :answer "Paid." :approval (:node "CONFIRM" :question "Pay 12.00?\nNow?")))

(ert-deftest onbehalf-a-run-that-waits-goes-on-with-the-persons-words ()
  (apply #'tests-agent tests-approval)
  (let ((buffer (tests-ask)))
    (switch-to-buffer buffer)
    (should (equal (tests-typing '("Approve") (tests-state buffer 'complete)) '("Pay 12.00? Now? Your answer: ")))
    (should (string-suffix-p (concat "Pay 12.00?\nNow?\nThe agent waits for your answer: C-c C-a\n"
                                     "\n> Approve\n\nPaid.\n")
                             (tests-text buffer)))
    (should (equal (mapcar (lambda (row) (plist-get row :detail)) (tests-rows "agent.resume"))
                   '("approved by curtis.feitty")))))

(ert-deftest onbehalf-nobody-is-asked-who-is-busy-elsewhere ()
  (apply #'tests-agent tests-approval)
  (let ((buffer (save-window-excursion (tests-ask)))
        (told (generate-new-buffer "busy")))
    (switch-to-buffer told)
    (should-not (tests-typing '("yes")
                  (tests-state buffer 'waiting)
                  (accept-process-output nil 0.1)))
    (should-not (tests-rows "agent.resume"))
    (with-current-buffer buffer
      (should (equal mode-line-process ":waits for you"))
      (should-error (onbehalf-say "Something else") :type 'user-error)
      (dolist (nothing '("" " \t"))
        (tests-typing (list nothing) (should-error (call-interactively #'onbehalf-answer) :type 'user-error)))
      (should (eq onbehalf--state 'waiting))
      (tests-typing '("refuse") (call-interactively #'onbehalf-answer))
      (tests-state buffer 'complete)
      (should (equal (plist-get (car (tests-rows "agent.resume")) :detail) "refused by curtis.feitty")))))

(ert-deftest onbehalf-an-answer-that-is-refused-can-be-given-again ()
  (tests-agent :states ["COMPLETE"] :answer "Paid." :approval '(:question "Pay?" :roles ["APPROVERS"]))
  (with-current-buffer (tests-ask)
    (tests-state (current-buffer) 'waiting)
    (onbehalf-answer "Approve")
    (should (eq onbehalf--state 'running))
    (should (string-search "role" (tests-state (current-buffer) 'waiting)))
    (tests-sandbox "PATCH" "/users/curtis.feitty" '(:roles ["PAYABLES" "APPROVERS"]))
    (onbehalf-answer "Approve")
    (should (string-suffix-p "\n> Approve\n\nPaid.\n" (tests-state (current-buffer) 'complete)))))

;;; What goes wrong

(ert-deftest onbehalf-an-error-is-shown-with-its-hint ()
  (let ((text (tests-state (onbehalf-ask "PAYABLES_TEAM" "Hello" "admin") 'failed)))
    (should (string-search "admin" text))
    (should (string-search "policy.subjects" text))
    (should-not (tests-rows "agent.chat"))))

(ert-deftest onbehalf-a-run-that-fails-is-told-with-why ()
  (tests-agent :states ["FAILED"] :error "The ledger is closed.")
  (should (string-search "The pod says: The ledger is closed.\n" (tests-state (tests-ask) 'failed))))

(ert-deftest onbehalf-a-sidecar-that-crashes-is-started-again ()
  (tests-agent :states ["COMPLETE"] :deltas ["One, " "two."])
  (tests-hold-stream 2 2)
  (let ((first (tests-ask)) (second (tests-ask)))
    (tests-held :held 2)
    (let ((process (jsonrpc--process onbehalf--current)))
      (signal-process process 'KILL)
      (dolist (buffer (list first second))
        (should (string-search "The sidecar has ended (status 9)" (tests-state buffer 'failed)))
        (should (string-search "Ask again" (tests-text buffer))))
      (should (zerop (hash-table-count onbehalf--watchers)))
      (tests-state (tests-ask) 'complete)
      (should-not (eq process (jsonrpc--process onbehalf--current))))))

(ert-deftest onbehalf-a-program-that-is-none-is-said-so ()
  (dolist (case '((("/nowhere/onbehalf") . "There is no program /nowhere/onbehalf.*onbehalf-command")
                  (("false") . "The sidecar has ended (status 1)")
                  (("sh" "-c" "echo 'no such key' >&2; exit 3") . "status 3). no such key")
                  (("cat") . "does not answer as onbehalf does.*onbehalf-command")))
    (let ((onbehalf-command (car case)))
      (should (string-match-p (cdr case) (cadr (should-error (tests-ask) :type 'user-error))))
      (should-not (get-buffer "*onbehalf PAYABLES_TEAM*"))
      (should-not (process-list)))))

(ert-deftest onbehalf-an-answer-that-cannot-be-read-leaves-nobody-waiting ()
  (let* ((server '(:minimumProtocolVersion "1.0" :protocolVersion "1.0"))
         (answer (json-serialize `(:jsonrpc "2.0" :id 1 :result ,server)))
         (framed (format "Content-Length: %d\\r\\n\\r\\n" (length answer)))
         (script (concat "read a; read b; printf '" framed "%s' '" answer "'; read c; echo confused >&2; "
                         "printf 'Content-Length: 5\\r\\n\\r\\n{{{{{'; exec cat >/dev/null"))
         (onbehalf-command (list "sh" "-c" script)))
    (should (string-search "The sidecar has ended" (tests-state (tests-ask) 'failed)))
    (should (string-search "confused" (tests-text (get-buffer onbehalf--log))))))

(ert-deftest onbehalf-another-version-says-what-to-upgrade ()
  (cl-flet ((problem (oldest newest)
              (onbehalf--hint (onbehalf--incompatible `(:minimumProtocolVersion ,oldest :protocolVersion ,newest)))))
    (should (equal (problem "1.0" "1.7") ""))
    (should (equal (problem "2.0" "2.3") "Install a newer onbehalf.el."))
    (should (equal (problem "0.1" "0.9") "Install a newer sidecar."))))

(ert-deftest onbehalf-bytes-that-are-no-text-are-not-sent ()
  (should-error (onbehalf-ask "PAYABLES_TEAM" (string ?a #x3fff80)) :type 'user-error)
  (should-not (get-buffer "*onbehalf PAYABLES_TEAM*"))
  (should (zerop (hash-table-count onbehalf--watchers))))

(ert-deftest onbehalf-diagnose-tells-what-is-in-use-and-what-to-do ()
  (let ((buffer (onbehalf-diagnose)))
    (with-current-buffer buffer (revert-buffer))
    (tests-seen buffer "\npass  token ")
    (with-current-buffer buffer (should (= 2 (count-matches "^\\(?:binary\\|pass  token\\) " (point-min)))))
    (dolist (line '("^binary +/.*onbehalf" "^version +[0-9]" "^profile +dev5$" "^subject +curtis\\.feitty$"))
      (should (string-match-p line (tests-text buffer)))))
  (tests-sandbox "POST" "/cut" '(:side "domain"))
  (with-current-buffer (onbehalf-diagnose)
    (tests-seen (current-buffer) "\nfail  tcp ")
    (goto-char (point-min))
    (should (re-search-forward "^fail  tcp .*\n \\{20\\}[A-Z]")))
  (tests-sandbox "POST" "/restore" '(:side "domain"))
  (onbehalf-stop)
  (let ((onbehalf-command '("/nowhere/onbehalf")))
    (should (string-search "There is no program /nowhere/onbehalf" (tests-text (onbehalf-diagnose))))))

;;; Hostile text

(defvar tests-harm nil "Set by what must not be evaluated.")

(ert-deftest onbehalf-what-an-agent-says-is-text ()
  (let ((hostile (concat "\e[2J\a\r\0 %e %[ \u202eevil\u200b \U000E0041 \\[kill-emacs] <f1>\n"
                         "-*- eval: (setq tests-harm t) -*-\n"
                         "\f\nLocal " "Variables:\neval: (setq tests-harm t)\nmode: emacs-lisp\nEnd:\n")))
    (tests-agent :states ["COMPLETE"] :deltas (vector (substring hostile 0 3) (substring hostile 3)))
    (let* ((buffer (tests-ask)) (text (tests-state buffer 'complete)))
      (should (string-search "^[[2J^G^M␀ %e %[ \\u{202E}evil\\u{200B} \\u{E0041} \\[kill-emacs] <f1>\n" text))
      (should (string-search (concat "^L\nLocal " "Variables:\neval: (setq tests-harm t)") text))
      (with-current-buffer buffer
        (let ((enable-local-eval t) (enable-local-variables :all)) (hack-local-variables t))
        (should (eq major-mode 'onbehalf-mode))
        (should buffer-read-only)
        (should-not (text-property-not-all (point-min) (point-max) 'display nil))))
    (should-not tests-harm)))

(ert-deftest onbehalf-a-hostile-name-is-no-mode-line-construct ()
  (with-temp-buffer
    (onbehalf-mode)
    (onbehalf--progress '(:kind "report" :node (:code "%e %b\n\e[2J" :type "NODE_START")))
    (should (equal (substring-no-properties mode-line-process) ":%%e %%b ^[[2J"))))

(ert-deftest onbehalf-deltas-are-put-together-by-their-offsets ()
  (dolist (deltas '((("ab" . 0) ("c😀" . 2) ("d" . 4))
                    (("ab" . 0) ("abc" . 0) ("c😀d" . 2))
                    (("abc😀" . 0) ("x" . 9) ("d" . 4) ("d" . 4))))
    (with-temp-buffer
      (onbehalf-mode)
      (setq onbehalf--start (copy-marker (point-max)))
      (dolist (delta deltas) (onbehalf--hear (car delta) (cdr delta)))
      (should (equal (buffer-string) "abc😀d"))
      (onbehalf--settle "abc😀d")
      (should (equal (buffer-string) "abc😀d\n"))
      (onbehalf--settle '(:amount 12.5 :lines [1 2]))
      (should (string-prefix-p "{\n" (buffer-string))))))

(ert-deftest onbehalf-every-character-is-to-be-seen ()
  (dolist (seen '("plain" "tab\tline\n" "Zürich 😀 漢字" "👩\u200d💻"))
    (should (equal (onbehalf--shown seen) seen)))
  (dolist (code (append (number-sequence 0 8) (number-sequence 11 31) (number-sequence 127 159)
                        (number-sequence #x202a #x202e) (number-sequence #x2066 #x2069)
                        '(#xad #x200b #x200e #x200f #x2028 #x2029 #x2060 #xfeff #xe0001 #xe01ef)))
    (should (string-match-p "\\`a\\(?:\\^.\\|\\\\u{[0-9A-F]+}\\)b\\'"
                            (substring-no-properties (onbehalf--shown (string ?a code ?b)))))))

(provide 'onbehalf-tests)
;;; onbehalf-tests.el ends here
