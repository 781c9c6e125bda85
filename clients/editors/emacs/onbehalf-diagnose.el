;;; onbehalf-diagnose.el --- Why an agent cannot be asked  -*- lexical-binding: t; -*-

;;; Commentary:

;; What is in use, and what the sidecar finds from its own settings to the agent at the pod, with what to do next.

;;; Code:

(require 'onbehalf)

(define-derived-mode onbehalf-diagnose-mode special-mode "OnBehalf-Diagnose"
  "What is found on the way to an agent.  \\<onbehalf-diagnose-mode-map>\\[revert-buffer] looks again."
  (buffer-disable-undo)
  (setq-local revert-buffer-function (lambda (&rest _) (onbehalf-diagnose))))

(defconst onbehalf--status-faces '(("pass" . success) ("warn" . warning) ("fail" . error))
  "The face of each status that has one.")

(defun onbehalf--note-of (name value)
  "Return a line with NAME and VALUE."
  (format "%-10s%s\n" name (onbehalf--line (or value ""))))

(defun onbehalf--setup ()
  "Return lines with what is in use.
Without a sidecar signal why there is none."
  (let* ((connection (onbehalf--ready))
         (server (onbehalf--server connection)))
    (concat (onbehalf--note-of "binary" (car (process-command (jsonrpc--process connection))))
            (onbehalf--note-of "version" (plist-get (plist-get server :serverInfo) :version))
            (onbehalf--note-of "protocol" (plist-get server :protocolVersion))
            (onbehalf--note-of "profile" (or onbehalf-profile "(the default)"))
            (onbehalf--note-of "subject" (or onbehalf-subject "(none: set onbehalf-subject)"))
            (onbehalf--note-of "agent" (or onbehalf-agent "(none: set onbehalf-agent)")))))

(defun onbehalf--check-lines (check)
  "Return the lines of CHECK."
  (let ((status (plist-get check :status))
        (hint (plist-get check :hint)))
    (concat (propertize (format "%-6s" (onbehalf--line status)) 'face (cdr (assoc status onbehalf--status-faces)))
            (format "%-14s%s\n" (onbehalf--line (plist-get check :id)) (onbehalf--line (plist-get check :summary) 2000))
            (if hint (format "%20s%s\n" "" (onbehalf--line hint 2000)) ""))))

;;;###autoload
(defun onbehalf-diagnose ()
  "Show what is in use, and why an agent cannot be asked.
Return the buffer."
  (interactive)
  (let ((buffer (get-buffer-create "*onbehalf diagnose*")))
    (with-current-buffer buffer
      (when onbehalf--in-flight (onbehalf--withdraw onbehalf--in-flight))
      (onbehalf-diagnose-mode)
      (let ((inhibit-read-only t)) (erase-buffer))
      (condition-case problem
          (progn (onbehalf--insert (concat (onbehalf--setup) "\n"))
                 (onbehalf--run-checks buffer))
        (user-error (onbehalf--insert (concat (error-message-string problem) "\n") 'error))))
    (display-buffer buffer)
    buffer))

(defun onbehalf--run-checks (buffer)
  "Ask the sidecar to diagnose, and show the outcome in BUFFER."
  (let* (call
         (show (lambda (text &optional face)
                 ;; Not when it was asked again meanwhile.
                 (when (and (buffer-live-p buffer) (eq call (buffer-local-value 'onbehalf--in-flight buffer)))
                   (with-current-buffer buffer
                     (setq onbehalf--in-flight nil
                           mode-line-process nil)
                     (onbehalf--insert text face))))))
    (setq call (onbehalf--send
                'diagnose
                `(,@(and onbehalf-profile `(:profile ,onbehalf-profile))
                  ,@(and onbehalf-subject `(:subject ,onbehalf-subject))
                  ,@(and onbehalf-agent `(:agent ,onbehalf-agent)))
                :done (lambda (result)
                        (funcall show (mapconcat #'onbehalf--check-lines (plist-get result :checks) "")))
                :failed (lambda (error) (funcall show (concat (onbehalf--sentence error) "\n") 'error)))
          onbehalf--in-flight call
          mode-line-process ":checking")))

(provide 'onbehalf-diagnose)
;;; onbehalf-diagnose.el ends here
