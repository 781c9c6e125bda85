;;; onbehalf.el --- Ask Oracle Fusion AI agents as yourself  -*- lexical-binding: t; -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1"))
;; Keywords: comm, tools

;;; Commentary:

;; `onbehalf-ask' asks an agent and shows what it says while it says it.  `onbehalf-diagnose' tells why it does not
;; work.  Keys, tokens and rules are in the sidecar `onbehalf', which this package starts.

;;; Code:

(require 'onbehalf-conversation)
(require 'onbehalf-sidecar)
(require 'onbehalf-text)

(autoload 'onbehalf-diagnose "onbehalf-diagnose" nil t)

(defcustom onbehalf-profile nil
  "The profile that agents are asked with.  When nil it is the sidecar's default."
  :type '(choice (const :tag "The default" nil) string)
  :group 'onbehalf)

(defcustom onbehalf-subject nil
  "Your user name at the identity domain.  When nil you are asked for it."
  :type '(choice (const :tag "Ask" nil) string)
  :group 'onbehalf)

(defcustom onbehalf-agent nil
  "Code of the agent that is offered first."
  :type '(choice (const :tag "None" nil) string)
  :group 'onbehalf)

(defcustom onbehalf-timeout nil
  "For how many seconds an agent is waited for.  When nil the sidecar decides: 300."
  :type '(choice (const :tag "The sidecar's" nil) natnum)
  :group 'onbehalf)

(defvar onbehalf--agent-history nil "Agents that were asked.")

(defvar onbehalf-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "C-c C-k") #'onbehalf-cancel)
    (define-key map (kbd "C-c C-a") #'onbehalf-answer)
    (define-key map (kbd "C-c C-c") #'onbehalf-say)
    map)
  "Keys of a conversation.")

(define-derived-mode onbehalf-mode special-mode "OnBehalf"
  "A conversation with an agent.  What it says is text and nothing else.

\\{onbehalf-mode-map}"
  (buffer-disable-undo)
  (setq-local enable-local-variables nil
              enable-local-eval nil
              window-point-insertion-type t
              word-wrap t)
  (add-hook 'kill-buffer-hook #'onbehalf--leave nil t))

(defun onbehalf--leave ()
  "Cancel what is under way: nobody will read it."
  (when onbehalf--in-flight (onbehalf--withdraw onbehalf--in-flight)))

;;; Asking

(defun onbehalf--as (subject)
  "Return the parameters of a call for SUBJECT."
  `(,@(and onbehalf-profile `(:profile ,onbehalf-profile)) :subject ,subject))

(defun onbehalf--agents (who)
  "Return the agents that WHO may ask, each a cons of code and name.
Without a list there is nothing to complete."
  (message "Looking for the agents you may ask; C-g stops")
  (condition-case problem
      (mapcar (lambda (agent) (cons (plist-get agent :agent) (or (plist-get agent :name) "")))
              (plist-get (onbehalf--wait 'listAgents `(,@who :timeoutMs 10000)) :agents))
    (user-error (message "%s" (error-message-string problem)) (sit-for 1) nil)))

(defun onbehalf--read-agent (who)
  "Read the code of an agent that WHO may ask."
  (let* ((agents (onbehalf--agents who))
         (completion-extra-properties
          (list :annotation-function (lambda (code) (concat "  " (onbehalf--line (cdr (assoc code agents)) 60))))))
    (completing-read (format-prompt "Agent" onbehalf-agent) agents nil nil nil 'onbehalf--agent-history
                     onbehalf-agent)))

(defun onbehalf--read-words (prompt)
  "Read the words of a person with PROMPT.
Nothing is offered, and nothing is no answer."
  (let ((words (read-from-minibuffer prompt nil nil nil t)))
    (when (string-blank-p words) (user-error "Nothing was said, so nothing was sent"))
    words))

;;;###autoload
(defun onbehalf-ask (agent message &optional subject)
  "Ask AGENT, by its code, MESSAGE as SUBJECT, and return the buffer of the answer.
MESSAGE is the region when it is active.  SUBJECT is
`onbehalf-subject' by default."
  (interactive
   (let ((subject (or onbehalf-subject (onbehalf--read-words "Your user name: ")))
         (region (and (use-region-p) (buffer-substring-no-properties (region-beginning) (region-end)))))
     (list (onbehalf--read-agent (onbehalf--as subject)) (or region (onbehalf--read-words "Message: ")) subject)))
  (let ((who `(,@(onbehalf--as (or subject onbehalf-subject)) :agent ,agent))
        (buffer (generate-new-buffer (format "*onbehalf %s*" (onbehalf--line agent 40))))
        begun)
    (unwind-protect
        (with-current-buffer buffer
          (onbehalf-mode)
          (setq onbehalf--who who
                header-line-format (onbehalf--mode-line (format "%s as %s" agent (plist-get who :subject))))
          (onbehalf--begin 'invokeAgent (list :message message :stream t) message)
          (setq begun t))
      (unless begun (kill-buffer buffer)))
    (display-buffer buffer)
    buffer))

(defun onbehalf-say (message)
  "Say MESSAGE to the agent of this buffer, in the same conversation."
  (interactive (progn (onbehalf--expect-idle) (list (onbehalf--read-words "Message: "))))
  (onbehalf--expect-idle)
  (onbehalf--begin 'invokeAgent
                   `(:message ,message :stream t
                     ,@(and onbehalf--conversation `(:conversationId ,onbehalf--conversation)))
                   message))

(defun onbehalf--expect-idle ()
  "Refuse to go on while the agent is to be waited for, or waits itself."
  (unless (derived-mode-p 'onbehalf-mode) (user-error "This is no conversation with an agent"))
  (pcase onbehalf--state
    ('running (user-error "The agent has not answered yet; C-c C-k cancels"))
    ('waiting (user-error "The agent waits for an answer: C-c C-a"))))

(defun onbehalf--begin (method params words)
  "Call METHOD with PARAMS for this buffer, and show the person's WORDS."
  (let* ((buffer (current-buffer))
         (into (lambda (function)
                 (lambda (value) (when (buffer-live-p buffer) (with-current-buffer buffer (funcall function value))))))
         (call (onbehalf--send
                method `(,@onbehalf--who ,@params ,@(and onbehalf-timeout `(:timeoutMs ,(* 1000 onbehalf-timeout))))
                :progress (funcall into #'onbehalf--progress)
                :done (funcall into #'onbehalf--done)
                :failed (funcall into #'onbehalf--failed))))
    (setq onbehalf--in-flight call
          onbehalf--question (and (eq method 'resumeAgent) onbehalf--question)
          onbehalf--pieces nil
          onbehalf--told 0)
    (onbehalf--insert (concat (if (bobp) "" "\n") "> " (onbehalf--shown words) "\n\n") 'onbehalf-yours)
    (setq onbehalf--start (copy-marker (point-max)))
    (onbehalf--become 'running "asked")))

;;; How it ends

(defun onbehalf--done (run)
  "Show RUN, which is complete or waits for a person."
  (setq onbehalf--in-flight nil
        onbehalf--question nil
        onbehalf--job (plist-get run :jobId)
        onbehalf--conversation (or (plist-get run :conversationId) onbehalf--conversation))
  (onbehalf--settle (plist-get run :output))
  (if (equal (plist-get run :state) "waiting")
      (onbehalf--wait-for-person run)
    (onbehalf--become 'complete "done")))

(defun onbehalf--failed (error)
  "Show ERROR, with what to do next."
  (setq onbehalf--in-flight nil)
  (let* ((data (plist-get error :data))
         (cancelled (equal (plist-get data :kind) "cancelled"))
         (detail (plist-get data :detail))
         (reason (plist-get (plist-get detail :run) :error))
         (job (plist-get detail :jobId)))
    (onbehalf--insert (format "%s%s\n" (if (= (point-max) onbehalf--start) "" "\n")
                              (onbehalf--shown (plist-get error :message)))
                      (if cancelled 'onbehalf-note 'error))
    (when reason (onbehalf--insert (format "The pod says: %s\n" (onbehalf--shown (onbehalf--text reason))) 'error))
    (onbehalf--insert (concat (onbehalf--shown (onbehalf--hint error)) "\n") 'onbehalf-note)
    (when job
      (onbehalf--insert (format "The run may go on at the pod, as job %s.\n" (onbehalf--shown job)) 'onbehalf-note))
    (cond ((onbehalf--still-waits-p data) (onbehalf--become 'waiting "waits for you"))
          (cancelled (onbehalf--become 'cancelled "cancelled"))
          (t (onbehalf--become 'failed "failed")))
    (message "%s" (onbehalf--sentence error))))

;;; A person decides

(defun onbehalf--still-waits-p (data)
  "Return whether an answer that failed with DATA has left the run waiting.
When it has not after all, the sidecar sees so before it sends another."
  (and onbehalf--question
       (not (plist-get (plist-get data :detail) :state))
       (not (member (plist-get data :kind) '("agent_failed" "run_not_waiting")))))

(defun onbehalf--wait-for-person (run)
  "Ask the person what RUN waits for.
That is at once when they look at this buffer, else when they
use `onbehalf-answer'."
  (setq onbehalf--question (onbehalf--text (or (plist-get (plist-get run :waitingFor) :message)
                                               (plist-get run :output))))
  (onbehalf--become 'waiting "waits for you")
  (when (= (point-max) onbehalf--start) (onbehalf--insert (concat (onbehalf--shown onbehalf--question) "\n")))
  (onbehalf--insert "The agent waits for your answer: C-c C-a\n" 'onbehalf-note)
  (run-at-time 0 nil #'onbehalf--ask-person (current-buffer)))

(defun onbehalf--ask-person (buffer)
  "Ask in the minibuffer what the run of BUFFER waits for.
Not while the person is busy elsewhere: words that were meant for
another buffer must not approve anything."
  (when (buffer-live-p buffer)
    (if (and (eq buffer (window-buffer (selected-window))) (zerop (minibuffer-depth)) (not (input-pending-p)))
        (with-current-buffer buffer (call-interactively #'onbehalf-answer))
      (message "%s waits for your answer" (buffer-name buffer)))))

(defun onbehalf-answer (words)
  "Answer the run that waits in this buffer with WORDS, a person's own."
  (interactive
   (progn (onbehalf--expect-waiting)
          (list (onbehalf--read-words (concat (onbehalf--line onbehalf--question) " Your answer: ")))))
  (onbehalf--expect-waiting)
  (onbehalf--begin 'resumeAgent
                   `(:conversationId ,onbehalf--conversation :jobId ,onbehalf--job :message ,words) words))

(defun onbehalf--expect-waiting ()
  "Refuse to go on unless a run waits here and can be answered."
  (unless (eq onbehalf--state 'waiting) (user-error "No run waits for an answer here"))
  (unless onbehalf--conversation (user-error "The pod told no conversation: the run can be answered in Fusion alone")))

(defun onbehalf-cancel ()
  "Cancel what the agent of this buffer was asked.
A run that has begun may go on at the pod."
  (interactive)
  (unless onbehalf--in-flight (user-error "Nothing is under way here"))
  (onbehalf--withdraw onbehalf--in-flight))

(provide 'onbehalf)
;;; onbehalf.el ends here
