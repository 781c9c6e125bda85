;;; onbehalf-process.el --- The onbehalf process  -*- lexical-binding: t; -*-

;;; Commentary:

;; Starts the sidecar, or says why it cannot and what to do; keeps its log; reads what it writes.

;;; Code:

(require 'cl-lib)
(require 'jsonrpc)
(require 'subr-x)
(require 'onbehalf-text)

(defgroup onbehalf nil
  "Oracle Fusion AI agents, asked as yourself."
  :group 'tools
  :prefix "onbehalf-")

(defcustom onbehalf-command nil
  "The sidecar and its arguments, a list of strings.
When nil it is the environment variable ONBEHALF_BIN, else the
program `onbehalf' on the path."
  :type '(choice (const :tag "Find it" nil) (repeat string))
  :risky t)

(defconst onbehalf--protocol-version "1.0"
  "Version of the protocol that is spoken here.")

(defconst onbehalf--start-seconds 10
  "How long a sidecar may take to answer for the first time.")

(defconst onbehalf--log "*onbehalf log*"
  "The buffer of what the sidecar says of itself.")

(defclass onbehalf--connection (jsonrpc-process-connection)
  ((server :initform nil :accessor onbehalf--server :documentation "What the sidecar answered to `initialize'."))
  :documentation "A running sidecar.")

;;; Errors

(defun onbehalf--trouble (kind message hint)
  "Return an error of KIND, with MESSAGE and HINT, shaped as those of the sidecar."
  (list :code 1800 :message message :data (list :kind kind :hint hint)))

(defun onbehalf--hint (error)
  "Return what to do next about ERROR."
  (or (plist-get (plist-get error :data) :hint) ""))

(defun onbehalf--sentence (error)
  "Return message and hint of ERROR in one line."
  (onbehalf--line (concat (plist-get error :message) " " (onbehalf--hint error)) 600))

(defun onbehalf--refuse (error)
  "Signal ERROR to the user."
  (user-error "%s" (onbehalf--sentence error)))

;;; The process

(defun onbehalf--command ()
  "Return the command line of the sidecar."
  (let* ((command (or onbehalf-command (list (or (getenv "ONBEHALF_BIN") "onbehalf"))))
         (program (executable-find (car command))))
    (unless program
      (onbehalf--refuse (onbehalf--trouble "sidecar_not_found" (format "There is no program %s." (car command))
                                         "Build onbehalf, and name it in onbehalf-command or ONBEHALF_BIN.")))
    (cons program (cdr command))))

(defun onbehalf--keep-log (_process text)
  "Append TEXT to the log, of which the last 20,000 characters are kept."
  (with-current-buffer (get-buffer-create onbehalf--log)
    (unless (derived-mode-p 'special-mode) (special-mode))
    (let ((inhibit-read-only t))
      (save-excursion
        (goto-char (point-max))
        (insert (onbehalf--shown text))
        (delete-region (point-min) (max (point-min) (- (point-max) 20000)))))))

(defun onbehalf--last-words ()
  "Return the last line of the log."
  (if-let ((log (get-buffer onbehalf--log)))
      (with-current-buffer log (onbehalf--line (car (last (split-string (buffer-string) "\n" t)))))
    ""))

(defun onbehalf--spawn (command)
  "Start COMMAND and return its process."
  (let* ((default-directory "/")
         (log (make-pipe-process :name "onbehalf log" :buffer nil :noquery t :coding 'utf-8
                                 :filter #'onbehalf--keep-log :sentinel #'ignore))
         (process (make-process :name "onbehalf" :command command :connection-type 'pipe :noquery t
                                :coding 'utf-8-emacs-unix :stderr log)))
    (process-put process 'onbehalf-log log)
    process))

(defun onbehalf--filter (process text)
  "Take TEXT of PROCESS as jsonrpc does, but read more than Emacs' own JSON."
  (let ((read (symbol-function 'jsonrpc--json-read)))
    (cl-letf (((symbol-function 'jsonrpc--json-read) (lambda () (onbehalf--read-json read process))))
      (jsonrpc--process-filter process text))))

(defun onbehalf--read-json (read process)
  "Call READ for the message at point, with ␀ for the NUL that it refuses.
A message of PROCESS that cannot be read may be any answer: then all
that wait are told that none will come."
  (let ((start (point)) (message (current-buffer)))
    (condition-case nil
        (funcall read)
      (error
       (with-temp-buffer
         (insert (with-current-buffer message (buffer-substring-no-properties start (point-max))))
         (goto-char (point-min))
         (while (re-search-forward "\\\\\\(?:\\\\\\|\\(u0000\\)\\)" nil t)
           (when (match-beginning 1) (replace-match "u2400" t t nil 1)))
         (goto-char (point-min))
         (condition-case nil (funcall read) (error (delete-process process) nil)))))))

(defun onbehalf--incompatible (server)
  "Return why SERVER, an answer to `initialize', cannot be talked to, or nil."
  (let ((oldest (plist-get server :minimumProtocolVersion))
        (newest (plist-get server :protocolVersion)))
    (cond
     ((not (and (stringp oldest) (stringp newest)))
      (onbehalf--trouble "sidecar_incompatible" "The program does not answer as onbehalf does."
                       "Look at onbehalf-command: it must name the sidecar."))
     ((version< onbehalf--protocol-version oldest)
      (onbehalf--trouble "sidecar_incompatible"
                       (format "The sidecar speaks protocol %s or newer, this package %s." oldest
                               onbehalf--protocol-version)
                       "Install a newer onbehalf.el."))
     ((version< newest onbehalf--protocol-version)
      (onbehalf--trouble "sidecar_incompatible"
                       (format "The sidecar speaks protocol %s at most, this package %s." newest
                               onbehalf--protocol-version)
                       "Install a newer sidecar.")))))

(defun onbehalf--greet (connection)
  "Make CONNECTION ready, or signal why it cannot be."
  (let* ((params `(:processId ,(emacs-pid) :clientInfo (:name "Emacs" :version ,emacs-version)))
         (server (condition-case problem
                     (jsonrpc-request connection 'initialize params :timeout onbehalf--start-seconds)
                   (error (onbehalf--refuse (onbehalf--no-start connection problem)))))
         (error (onbehalf--incompatible server)))
    (when error (onbehalf--refuse error))
    (setf (onbehalf--server connection) server)))

(defun onbehalf--no-start (connection problem)
  "Return why CONNECTION, where PROBLEM was signalled, is none."
  (if (jsonrpc-running-p connection)
      (onbehalf--trouble "sidecar_garbled"
                         (format "The sidecar did not start: %s."
                                 (or (alist-get 'jsonrpc-error-message (cdr problem)) "no answer"))
                         "Look at onbehalf-command: it must name the sidecar.")
    (onbehalf--exited connection)))

(defun onbehalf--exited (connection)
  "Return the error of what CONNECTION answers no more."
  (let* ((process (jsonrpc--process connection))
         (log (process-get process 'onbehalf-log)))
    ;; Its last words may still be in the pipe.
    (while (and (process-live-p log) (accept-process-output log 0.2)))
    (onbehalf--trouble "sidecar_exited"
                     (string-trim (format "The sidecar has ended (status %s). %s" (process-exit-status process)
                                          (onbehalf--last-words)))
                     "Ask again: the next call starts another. A run that was under way may go on at the pod.")))

(defun onbehalf--start (notified)
  "Start a sidecar and return the connection to it.
NOTIFIED gets its notifications."
  (let* ((command (onbehalf--command))
         (connection (make-instance 'onbehalf--connection :name "onbehalf" :events-buffer-scrollback-size 0
                                    :process (lambda () (onbehalf--spawn command))
                                    :notification-dispatcher notified))
         ready)
    (set-process-filter (jsonrpc--process connection) #'onbehalf--filter)
    (unwind-protect (progn (onbehalf--greet connection) (setq ready t))
      (unless ready (onbehalf--end connection)))
    connection))

(defun onbehalf--end (connection)
  "End the process of CONNECTION."
  (let ((inhibit-message t)
        (log (process-get (jsonrpc--process connection) 'onbehalf-log)))
    (jsonrpc-shutdown connection t)
    (delete-process log)))

(provide 'onbehalf-process)
;;; onbehalf-process.el ends here
